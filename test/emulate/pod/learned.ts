import { expect } from 'vitest';
import type { StepOutcome } from '../../../src/emulate/index.ts';
import { decisionsOf, type OpenPod, openPod, outcome, type SmallPod, wholeOf } from './support.ts';

export const STEPS = 20;

/** What a pod does in so many steps. */
export interface Learned {
  readonly losses: readonly StepOutcome[];
  readonly decisions: readonly (readonly number[])[];
  readonly gradients: ReturnType<typeof wholeOf>;
  readonly weights: ReturnType<typeof wholeOf>;
}

export function learn(pod: OpenPod): Learned {
  const losses: StepOutcome[] = [];
  const decisions: number[][] = [];
  let gradients = new Map<string, Float64Array>();
  for (let step = 1; step <= STEPS; step++) {
    pod.upTo(step);
    losses.push(outcome(pod));
    decisions.push(decisionsOf(pod));
    if (step === 1) gradients = wholeOf(pod, 'gradientShard');
  }
  return { losses, decisions, gradients, weights: wholeOf(pod, 'stored') };
}

const known = new Map<string, Learned>();

/** What one core learns. */
export function alone(small: SmallPod): Learned {
  const key = JSON.stringify(small);
  const learned = known.get(key) ?? learn(openPod('{ici: {data: 1}, expertsOver: none}', { ...small, cores: 1 }));
  known.set(key, learned);
  return learned;
}

/** Largest difference of a loss, as a share. */
export function worstLoss(ours: Learned, theirs: Learned): number {
  return Math.max(
    ...ours.losses.flatMap((own, step) =>
      (['crossEntropy', 'auxiliaryLoss', 'zLoss'] as const).map((name) => relative(own[name], theirs.losses[step][name])),
    ),
  );
}

/** Slots of all steps that have another token. */
export function differentDecisions(ours: Learned, theirs: Learned): number {
  let different = 0;
  for (const [step, own] of ours.decisions.entries()) {
    expect(own).toHaveLength(theirs.decisions[step].length);
    for (const [i, token] of own.entries()) if (token !== theirs.decisions[step][i]) different++;
  }
  return different;
}

function relative(ours: number, theirs: number): number {
  return ours === theirs ? 0 : Math.abs(ours / theirs - 1);
}
