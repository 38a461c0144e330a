import { softmax } from '../scores.ts';
import { inverseNormalCdf, normalCdf } from './normal.ts';
import type { Oracle } from './oracle.ts';
import { byChoice, combineOf, slotsInOrder, topMasks } from './top-k.ts';

const squaredVariation = (values: readonly number[]): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return variance / mean ** 2;
};

/** Experts by falling score in f32, as routers order them; equal ones as they stand. */
const ranked = (row: readonly number[]): number[] =>
  row.map((_, e) => e).sort((a, b) => Math.fround(row[b]) - Math.fround(row[a]) || a - b);

export const noisyTopk: Oracle = (input, options) => {
  const { scores, noiseScores, draw, training, experts } = input;
  const topK = Number(options.topK);
  const deviations = noiseScores.map((row) => row.map((logit) => Math.log(1 + Math.exp(logit))));
  const noisy = scores.map((row, token) =>
    row.map((logit, e) => logit + (training ? deviations[token][e] * inverseNormalCdf(draw(token, e) + 2 ** -33) : 0)),
  );
  const order = noisy.map(ranked);
  const masks = topMasks(
    noisy.map((row) => row.map(Math.fround)),
    topK,
  );
  const shares = noisy.map((row, token) => softmax(order[token].slice(0, topK).map((e) => row[e])));
  const slots = slotsInOrder(
    input,
    masks,
    byChoice(
      scores.map((_, token) => token),
      topK,
    ),
  );
  const importance = scores[0].map((_, e) =>
    shares.reduce((sum, row, token) => sum + (row[order[token].slice(0, topK).indexOf(e)] ?? 0), 0),
  );
  const chance = (token: number, e: number): number => {
    if (!training || topK === experts) return order[token].indexOf(e) < topK ? 1 : 0;
    const others = noisy[token].filter((_, other) => other !== e).sort((a, b) => b - a);
    return normalCdf((scores[token][e] - others[topK - 1]) / deviations[token][e]);
  };
  const load = scores[0].map((_, e) => scores.reduce((sum, __, token) => sum + chance(token, e), 0));
  return {
    combine: combineOf(input, masks, slots, shares),
    auxiliaryLoss: Number(options.importanceWeight) * squaredVariation(importance) + Number(options.loadWeight) * squaredVariation(load),
    decisions: order.map((row) => row.slice(0, topK + 1).join(',')).join(' '),
  };
};
