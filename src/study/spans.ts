import type { Trace } from '../engine/index.ts';
import { type Program, TaskKind } from '../program/index.ts';

/** What one device did, task by task; picoseconds. */
export interface DeviceSpan {
  readonly task: number;
  readonly start: number;
  /** When bytes began to move (collectives); equal to `start` for computations. */
  readonly running: number;
  readonly end: number;
}

/** A stretch of the step in which a device did one kind of thing on behalf of one task. */
export interface Stretch {
  readonly kind: 'compute' | 'exposedCommunication' | 'wait';
  readonly task: number;
  readonly start: number;
  readonly end: number;
}

/** The spans of one device by task index; every task of the program has one. */
export function deviceSpans({ spans }: Trace, device: number): DeviceSpan[] {
  const rows: DeviceSpan[] = [];
  for (let row = 0; row < spans.count; row++) {
    if (spans.device[row] !== device) continue;
    rows.push({ task: spans.task[row], start: spans.start[row], running: spans.running[row], end: spans.end[row] });
  }
  return rows.sort((a, b) => a.task - b.task);
}

/**
 * Cuts the step of one device into stretches without gaps. While the compute stream stands still, the time belongs to the collective that
 * ends it (the one that finishes last before the next computation): waiting for other members first, then moving bytes.
 */
export function stretches(program: Program, trace: Trace, device: number): Stretch[] {
  const spans = deviceSpans(trace, device);
  const computations = spans.filter(({ task }) => program.tasks.kind[task] === TaskKind.compute);
  const collectives = spans.filter(({ task }) => program.tasks.kind[task] === TaskKind.collective).sort((a, b) => a.end - b.end);
  const out: Stretch[] = [];
  let now = 0;
  let next = 0;
  let last: DeviceSpan | undefined;
  const fill = (until: number): void => {
    while (next < collectives.length && collectives[next].end <= until) last = collectives[next++];
    if (until === now) return;
    const blocker = last;
    if (blocker === undefined || blocker.end <= now) {
      out.push({ kind: 'wait', task: blocker?.task ?? 0, start: now, end: until });
    } else {
      const moving = Math.min(Math.max(blocker.running, now), until);
      if (moving > now) out.push({ kind: 'wait', task: blocker.task, start: now, end: moving });
      if (blocker.end > moving)
        out.push({ kind: 'exposedCommunication', task: blocker.task, start: moving, end: Math.min(blocker.end, until) });
      if (until > blocker.end) out.push({ kind: 'wait', task: blocker.task, start: blocker.end, end: until });
    }
    now = until;
  };
  for (const span of computations) {
    fill(span.start);
    if (span.end > span.start) out.push({ kind: 'compute', task: span.task, start: span.start, end: span.end });
    now = span.end;
  }
  fill(trace.step);
  return out;
}
