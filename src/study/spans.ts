import { neededCollectives, type Trace } from '../engine/index.ts';
import { type Program, TaskKind } from '../program/index.ts';

/** What one device did, task by task; picoseconds. */
export interface DeviceSpan {
  readonly task: number;
  readonly start: number;
  /** When bytes began to move (collectives); equal to `start` for computations. */
  readonly running: number;
  readonly end: number;
}

/** A part of the step in which a device did one kind of thing on behalf of one task. */
export interface Stretch {
  readonly kind: 'compute' | 'exposedCommunication' | 'wait';
  readonly task: number;
  readonly start: number;
  readonly end: number;
}

/** The spans of one device in task order; every task of the program has one. */
export function deviceSpans({ spans }: Trace, device: number): DeviceSpan[] {
  const rows: DeviceSpan[] = [];
  for (let row = 0; row < spans.count; row++) {
    if (spans.device[row] !== device) continue;
    rows.push({ task: spans.task[row], start: spans.start[row], running: spans.running[row], end: spans.end[row] });
  }
  return rows;
}

/**
 * Cuts the step of one device into stretches without gaps, by the rule of the engine's accounts: while the compute stream stands still, time
 * belongs to the collectives that the next computation needs; it is exposed communication while one of them moves bytes, and waiting otherwise.
 */
export function stretches(program: Program, trace: Trace, device: number): Stretch[] {
  const { tasks } = program;
  const spans = deviceSpans(trace, device);
  const out: Stretch[] = [];
  let now = 0;
  for (const span of spans) {
    if (tasks.kind[span.task] !== TaskKind.compute) continue;
    if (span.start > now) {
      const needed = neededCollectives(program, trace.spans, span.task, device, now);
      out.push(
        ...idle(
          needed.map((task) => spans[task]),
          now,
          span.start,
          span.task,
        ),
      );
    }
    if (span.end > span.start) out.push({ kind: 'compute', task: span.task, start: span.start, end: span.end });
    now = span.end;
  }
  const last = spans[spans.length - 1].task;
  const collectives = program.collectives.map(({ task }) => spans[task]);
  return [...out, ...idle(collectives, now, trace.step, last)];
}

/** Cuts an idle time into the collectives that it is spent on; what no collective explains falls to the task that is waited for. */
function idle(collectives: readonly DeviceSpan[], from: number, to: number, awaited: number): Stretch[] {
  const out: Stretch[] = [];
  let now = from;
  for (const { task, running, end } of [...collectives].sort((a, b) => a.running - b.running)) {
    if (end <= now || running >= to) continue;
    if (running > now) out.push({ kind: 'wait', task, start: now, end: running });
    const start = Math.max(now, running);
    now = Math.min(end, to);
    out.push({ kind: 'exposedCommunication', task, start, end: now });
  }
  if (now < to) out.push({ kind: 'wait', task: awaited, start: now, end: to });
  return out;
}
