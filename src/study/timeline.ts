import { toSeconds } from '../base/index.ts';
import type { Trace } from '../engine/index.ts';
import { type Program, STAGES, TaskKind } from '../program/index.ts';
import type { Timeline, TimelineSpan } from '../result/index.ts';
import { deviceSpans } from './spans.ts';

/** Every task of one device as a span on its compute, ICI or host track. */
export function deviceTimeline(program: Program, trace: Trace, device: number): Timeline {
  const { tasks, names } = program;
  const spans = deviceSpans(trace, device).map(({ task, running, end }) => ({
    track: TRACKS[tasks.kind[task]],
    name: names[tasks.name[task]],
    part: names[tasks.part[task]],
    stage: STAGES[tasks.stage[task]],
    startSeconds: toSeconds(running),
    endSeconds: toSeconds(end),
  }));
  return { device, spans };
}

const TRACKS: Readonly<Record<number, TimelineSpan['track']>> = {
  [TaskKind.compute]: 'compute',
  [TaskKind.collective]: 'ici',
  [TaskKind.transfer]: 'host',
};
