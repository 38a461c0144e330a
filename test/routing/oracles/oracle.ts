import type { Assignment, OptionValues } from '../../../src/routing/index.ts';
import { type ScoredInput, softmax } from '../scores.ts';

/**
 * A router as dense masks, the way the einsum implementations write them: one-hot choices [S, E], exclusive cumulative sums down the group, a
 * comparison with the capacity, and a combine tensor [S, E, C], all in double precision from `scores` (and `noiseScores`, `biases`). Slow and obviously
 * shaped; shares no code with the routers. Gradients are checked against finite differences of it.
 */
export type Oracle = (input: ScoredInput, options: OptionValues, answered: Assignment) => OracleAnswer;

/**
 * `answered` is what the router answered. Only where a rule allows several answers, such as assignments with equal sums, may an oracle look at it: it
 * checks that the answer is one of them, throws when it is not, and adopts it.
 */
export interface OracleAnswer {
  /** [S, E, C]. */
  readonly combine: Float64Array;
  readonly auxiliaryLoss: number;
  /** What was decided beyond the slots that are filled, where weights or losses depend on more. */
  readonly decisions?: string;
}

export type Mask = number[][];

export const probabilitiesOf = ({ scores }: ScoredInput): Mask => scores.map((row) => softmax(row));

/** 1 at the first maximum of each row. */
export const oneHotMax = (scores: readonly (readonly number[])[]): Mask =>
  scores.map((row) => {
    const first = row.indexOf(Math.max(...row));
    return row.map((_, expert) => (expert === first ? 1 : 0));
  });

/** [S, E]: how many rows above have a 1 in the column, plus `start` of the column. */
export const exclusiveCumsum = (mask: Mask, start: readonly number[] = mask[0].map(() => 0)): Mask => {
  const running = [...start];
  return mask.map((row) =>
    row.map((bit, expert) => {
      const before = running[expert];
      running[expert] += bit;
      return before;
    }),
  );
};

export const columnSums = (mask: Mask): number[] => mask[0].map((_, expert) => mask.reduce((sum, row) => sum + row[expert], 0));

/** Scores with -infinity where the mask is 1. */
export const without = (scores: readonly (readonly number[])[], mask: Mask): Mask =>
  scores.map((row, token) => row.map((score, expert) => (mask[token][expert] ? Number.NEGATIVE_INFINITY : score)));

/** Per token: the score under its mask. */
export const pick = (scores: readonly (readonly number[])[], mask: Mask): number[] =>
  scores.map((row, token) => row.reduce((sum, score, expert) => sum + (mask[token][expert] ? score : 0), 0));

export const emptyCombine = ({ tokens, experts, expertCapacity }: ScoredInput): Float64Array =>
  new Float64Array(tokens * experts * expertCapacity);

/** combine[s, e, position] += gate where the mask is 1 and the position below the capacity. */
export function addTo(combine: Float64Array, input: ScoredInput, mask: Mask, position: Mask, gate: readonly number[]): void {
  const { experts, expertCapacity } = input;
  mask.forEach((row, token) => {
    row.forEach((bit, expert) => {
      const slot = position[token][expert];
      if (bit && slot < expertCapacity) combine[(token * experts + expert) * expertCapacity + slot] += gate[token];
    });
  });
}

/** E sum of f_e P_e. */
export function balanceOf(probabilities: Mask, firstChoices: Mask): number {
  const tokens = probabilities.length;
  const share = columnSums(firstChoices);
  const mean = columnSums(probabilities);
  return share.length * share.reduce((sum, count, e) => sum + (count / tokens) * (mean[e] / tokens), 0);
}
