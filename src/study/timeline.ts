import { toSeconds } from '../base/index.ts';
import type { Trace } from '../engine/index.ts';
import { type Program, STAGES, TaskKind } from '../program/index.ts';
import type { Timeline } from '../result/index.ts';
import { deviceSpans } from './spans.ts';

/** Every task of one device as a span on its compute or ICI track. */
export function deviceTimeline(program: Program, trace: Trace, device: number): Timeline {
  const { tasks, names } = program;
  const spans = deviceSpans(trace, device).map(({ task, running, end }) => ({
    track: tasks.kind[task] === TaskKind.compute ? ('compute' as const) : ('ici' as const),
    name: names[tasks.name[task]],
    part: names[tasks.part[task]],
    stage: STAGES[tasks.stage[task]],
    startSeconds: toSeconds(running),
    endSeconds: toSeconds(end),
  }));
  return { device, spans };
}
