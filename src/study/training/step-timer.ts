import type { Picoseconds } from '../../base/index.ts';
import { loadOf, type PodPlan } from '../../emulate/index.ts';
import type { Chip } from '../../hardware/index.ts';
import type { Program } from '../../program/index.ts';
import type { Scenario } from '../../scenario/index.ts';
import { simulateStep } from '../run-study.ts';

/** What the step that has just run on a pod is as a program, and how long the simulated pod takes for it. */
export type StepTimer = (plan: PodPlan, buffer: ArrayBufferLike) => { readonly program: Program; readonly time: Picoseconds };

/** With slots every step takes equally long, whatever the router chose; without, each is timed by its own load. */
export function openStepTimer(scenario: Scenario, chip: Chip): StepTimer {
  const time = (load: Parameters<typeof simulateStep>[2]): ReturnType<StepTimer> => {
    const { program, trace } = simulateStep(scenario, chip, load);
    return { program, time: trace.step };
  };
  let known: ReturnType<StepTimer> | undefined;
  return (plan, buffer) => {
    if (scenario.routing.dispatch === 'dropless' && scenario.model.moe !== null) return time(loadOf(plan, buffer));
    known ??= time(null);
    return known;
  };
}
