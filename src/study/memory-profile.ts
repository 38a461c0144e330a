import { toSeconds } from '../base/index.ts';
import type { Trace } from '../engine/index.ts';
import { type Chip, coreOf } from '../hardware/index.ts';
import { closedFormMemory, liveMemory, type Program } from '../program/index.ts';
import type { MemoryProfile } from '../result/index.ts';
import type { Load, Scenario } from '../scenario/index.ts';
import { deviceSpans } from './spans.ts';

/** Live bytes of one device over the step: one point per task at which they change. */
export function memoryProfile(
  scenario: Scenario,
  chip: Chip,
  load: Load | null,
  program: Program,
  trace: Trace,
  device: number,
): MemoryProfile {
  const live = liveMemory(program);
  const points: { seconds: number; bytes: number }[] = [];
  let peakAtSeconds = 0;
  for (const { task, start } of deviceSpans(trace, device)) {
    const bytes = live.bytesDuringTask[task];
    if (task === live.peakTask) peakAtSeconds = toSeconds(start);
    if (points.at(-1)?.bytes !== bytes) points.push({ seconds: toSeconds(start), bytes });
  }
  points.push({ seconds: toSeconds(trace.step), bytes: live.bytesDuringTask[program.tasks.count - 1] });
  return {
    capacityBytes: coreOf(chip).hbmBytes,
    peakBytes: live.peakBytes,
    peakAtSeconds,
    closedFormBytes: closedFormMemory(scenario, chip, load),
    points,
    atPeak: live.atPeak,
  };
}
