import type { Lane, Plan } from './lanes.ts';
import type { UnitPass } from './step-schedule.ts';
import type { Emission } from './stream.ts';
import { tensorKey } from './tensor-key.ts';

/** The turns of the loop that a pass is in, alone where it is in none. */
export interface Turns {
  readonly passes: readonly UnitPass[];
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** The loop that a pass is a turn of. */
export function loopOf({ chain, unit }: UnitPass): string | null {
  return chain.units[unit].loop;
}

/** `passes` of one run, in order; the turns of the one at `index`. */
export function turnsOf(passes: readonly UnitPass[], index: number): Turns {
  const loopAt = (at: number): string | null => (passes[at] === undefined ? null : loopOf(passes[at]));
  const loop = loopAt(index);
  let first = index;
  let last = index;
  if (loop !== null) {
    while (loopAt(first - 1) === loop) first--;
    while (loopAt(last + 1) === loop) last++;
  }
  return { passes: passes.slice(first, last + 1), isFirst: index === first, isLast: index === last };
}

/** A backward loop begins: its stacks of gradients are there whole (jax-ml/jax jax/_src/lax/control_flow/loops.py, `_scan_impl`: results are made empty ahead of the loop). */
export function openStacks({ builder, clock }: Emission, { owned, reductions }: Lane, turns: readonly UnitPass[]): void {
  const moment = { task: builder.taskCount, step: clock.step++ };
  for (const { chain, unit } of turns) {
    const one = chain.units[unit];
    if (one.loop !== null) for (const { name } of one.weights) reductions.reserve(owned(one, name).group, moment);
  }
}

/** Whether a loop is still to come for the backward passes behind the one at `index`, which is in none. */
export function awaitsLoop(passes: readonly UnitPass[], index: number): boolean {
  return loopOf(passes[index]) === null && passes.slice(index + 1).some((later) => loopOf(later) !== null);
}

/**
 * It has ended: nobody reads what its units kept; nor the shards of its weights in the type of the products, unless there are more microbatches, which are a
 * loop of their own that those stand outside of.
 */
export function closeStacks(
  { builder, clock, live }: Emission,
  plan: Plan,
  { owned, lastUses, reductions, stage }: Lane,
  turns: readonly UnitPass[],
): void {
  const moment = { task: builder.taskCount - 1, step: clock.step++ };
  if (turns.some((pass) => loopOf(pass) !== null)) reductions.loopEnded(moment);
  for (const pass of turns) {
    const one = pass.chain.units[pass.unit];
    if (one.loop !== null) for (const { name } of plan.remadeOf(one).kept) live.extend(tensorKey(pass, stage, name), moment);
    if (plan.layout.microbatches === 1)
      for (const { name } of [...one.weights, ...one.tied]) lastUses.set(owned(one, name).group, moment.task);
  }
}
