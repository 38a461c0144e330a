import { assert } from '../base/index.ts';
import { spanRow, type Trace } from '../engine/index.ts';
import { type Program, TaskKind } from '../program/index.ts';

/** What one device did, task by task; picoseconds. */
export interface DeviceSpan {
  readonly task: number;
  readonly start: number;
  /** When bytes began to move (collectives); equal to `start` for others. */
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

/** The spans of one kept device in task order; every task of the program has one. */
export function deviceSpans({ spans }: Trace, device: number): DeviceSpan[] {
  assert(spanRow(spans, 0, device) >= 0, `the spans of device ${device} were kept`);
  return Array.from({ length: spans.count / spans.devices.length }, (_, task) => {
    const row = spanRow(spans, task, device);
    return { task, start: spans.start[row], running: spans.running[row], end: spans.end[row] };
  });
}

/**
 * Cuts the step of one device into stretches without gaps, by the rule of the engine's accounts: while the compute stream stands still, time
 * belongs to the collectives and transfers that the next computation needs; it is exposed communication while one of them moves bytes, and waiting
 * otherwise.
 */
export function stretches(program: Program, trace: Trace, device: number): Stretch[] {
  const { tasks } = program;
  const spans = deviceSpans(trace, device);
  const out: Stretch[] = [];
  let now = 0;
  for (const span of spans) {
    if (tasks.kind[span.task] !== TaskKind.compute) continue;
    if (span.start > now) {
      const needed = neededTasks(program, spans, span.task, now);
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
  const beside = spans.filter(({ task }) => tasks.kind[task] !== TaskKind.compute);
  return [...out, ...idle(beside, now, trace.step, last)];
}

/**
 * Collectives and transfers that lead to `task` through such tasks alone and end after `since`. A transfer also waits for the one before it on the
 * device's DMA stream.
 */
function neededTasks({ tasks }: Program, spans: readonly DeviceSpan[], task: number, since: number): number[] {
  const needed = new Set<number>();
  const add = (dependency: number): void => {
    if (tasks.kind[dependency] === TaskKind.compute || spans[dependency].end <= since || needed.has(dependency)) return;
    needed.add(dependency);
    visit(dependency);
  };
  const visit = (waiting: number): void => {
    for (let i = tasks.dependencyOffsets[waiting]; i < tasks.dependencyOffsets[waiting + 1]; i++) add(tasks.dependencies[i]);
    const before = tasks.kind[waiting] === TaskKind.transfer && waiting > 0 ? tasks.kind.lastIndexOf(TaskKind.transfer, waiting - 1) : -1;
    if (before >= 0) add(before);
  };
  visit(task);
  return [...needed];
}

/** Cuts an idle time into the tasks that it is spent on; what none of them explains falls to the task that is waited for. */
function idle(beside: readonly DeviceSpan[], from: number, to: number, awaited: number): Stretch[] {
  const out: Stretch[] = [];
  let now = from;
  for (const { task, running, end } of [...beside].sort((a, b) => a.running - b.running)) {
    if (end <= now || running >= to) continue;
    if (running > now) out.push({ kind: 'wait', task, start: now, end: running });
    const start = Math.max(now, running);
    now = Math.min(end, to);
    // Nothing moves where a device takes no part.
    if (now > start) out.push({ kind: 'exposedCommunication', task, start, end: now });
  }
  if (now < to) out.push({ kind: 'wait', task: awaited, start: now, end: to });
  return out;
}
