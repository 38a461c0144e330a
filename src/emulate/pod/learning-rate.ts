import type { LearningRateDecay } from '../../scenario/index.ts';

/** How large the steps of an optimizer are, by their number. */
export interface LearningRateSchedule {
  readonly highest: number;
  /** The rate rises to the highest one in a straight line over so many steps; 0: it begins with that. */
  readonly warmupSteps: number;
  /** How it falls behind them. */
  readonly decay: LearningRateDecay;
  /** The last step: a rate that falls in a straight line is 0 there. */
  readonly steps: number;
}

/**
 * The rate of a step, counted from 1. `inverse-sqrt` is the schedule of T5 (arXiv 1910.10683, section 3.1.2), 1 / sqrt(max(n, k)) with k steps of warm-up, in units of its
 * highest rate.
 */
export function learningRateAt({ highest, warmupSteps, decay, steps }: LearningRateSchedule, step: number): number {
  if (step < warmupSteps) return (highest * step) / warmupSteps;
  if (decay === 'none') return highest;
  if (decay === 'inverse-sqrt') return highest * Math.sqrt(Math.max(warmupSteps, 1) / Math.max(step, warmupSteps));
  return steps <= warmupSteps ? highest : (highest * Math.max(0, steps - step)) / (steps - warmupSteps);
}
