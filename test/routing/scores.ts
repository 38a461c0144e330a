import fc from 'fast-check';
import { Purpose, uniform } from '../../src/base/index.ts';
import type { RouterInput } from '../../src/routing/index.ts';

/** Everything that any router reads, with the logits in double precision beside their f32 copies. */
export interface ScoredInput extends RouterInput {
  readonly scores: readonly (readonly number[])[];
  readonly noiseScores: readonly (readonly number[])[];
  readonly biases: readonly number[];
  readonly tokenIds: Int32Array;
  readonly domains: Int32Array;
  readonly recorded: Int32Array;
}

/** Softmax of each row in f64. */
export function softmax(logits: readonly number[]): number[] {
  const top = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - top));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Softmax of each row in f64, stored as f32. */
export function softmaxRows(logits: readonly (readonly number[])[]): Float32Array {
  return Float32Array.from(logits.flatMap((row) => softmax(row)));
}

/** Fills in what every router may read; noise logits, biases, ids and domains are made from the seed. */
export function scoredInput(scores: readonly (readonly number[])[], expertCapacity: number, seed: number): ScoredInput {
  const tokens = scores.length;
  const experts = scores[0].length;
  const whole = (row: number, at: number, below: number): number => Math.floor(uniform(seed, Purpose.test, row, at) * below);
  const noiseScores = scores.map((row, token) => row.map((_, e) => (whole(10 + e, token, 33) - 16) / 8));
  const biases = scores[0].map((_, e) => (whole(1, e, 9) - 4) / 64);
  return {
    tokens,
    experts,
    expertCapacity,
    training: true,
    draw: (token, index) => uniform(seed, Purpose.test, 1000 + index, token),
    scores,
    noiseScores,
    biases,
    logits: Float32Array.from(scores.flat()),
    probabilities: softmaxRows(scores),
    noiseLogits: Float32Array.from(noiseScores.flat()),
    bias: Float32Array.from(biases),
    tokenIds: Int32Array.from(scores, (_, token) => whole(2, token, 50)),
    domains: Int32Array.from(scores, (_, token) => whole(3, token, 3)),
    recorded: Int32Array.from(scores, (_, token) => whole(4, token, experts)),
  };
}

const inputsOf = (
  rowOf: (experts: number) => fc.Arbitrary<number[]>,
  mostTokens: number,
  fewestExperts: number,
): fc.Arbitrary<ScoredInput> =>
  fc
    .record({ tokens: fc.integer({ min: 1, max: mostTokens }), experts: fc.integer({ min: fewestExperts, max: 9 }), seed: fc.nat() })
    .chain(({ tokens, experts, seed }) =>
      fc.record({
        expertCapacity: fc.integer({ min: 1, max: tokens + 2 }),
        scores: fc.array(rowOf(experts), { minLength: tokens, maxLength: tokens }),
        seed: fc.constant(seed),
        training: fc.boolean(),
      }),
    )
    .map(({ expertCapacity, scores, seed, training }) => ({ ...scoredInput(scores, expertCapacity, seed), training }));

/** Router inputs with many ties, in training and at evaluation: logits are small whole numbers, so equal probabilities are common. */
export const routerInputsOf = (fewestExperts: number): fc.Arbitrary<ScoredInput> =>
  inputsOf((experts) => fc.array(fc.integer({ min: -4, max: 4 }), { minLength: experts, maxLength: experts }), 40, fewestExperts);

export const routerInputs = routerInputsOf(4);

/** Router inputs whose logits are different multiples of 1 / 64 between -2 and 2: no small step changes their order, and f32 holds them exactly. */
export const smoothInputsOf = (fewestExperts: number): fc.Arbitrary<ScoredInput> =>
  inputsOf(
    (experts) =>
      fc
        .uniqueArray(fc.integer({ min: -128, max: 128 }), { minLength: experts, maxLength: experts })
        .map((row) => row.map((steps) => steps / 64)),
    12,
    fewestExperts,
  );
