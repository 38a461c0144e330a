import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  F32,
  F64,
  type Numerics,
  type Reals,
  routerAuxiliaryLoss,
  routerAuxiliaryLossBackward,
  routerZLossOf,
  routerZLossOfBackward,
  softmax,
} from '../../../src/kernels/index.ts';
import { balanceLoss } from '../../../src/routing/index.ts';
import { readVectors } from '../support.ts';
import { checkGradients } from './gradient-check.ts';
import { randomReals } from './tensors.ts';

interface Vectors {
  readonly cases: readonly {
    readonly name: string;
    readonly logits: readonly (readonly number[])[];
    readonly out: { readonly counts_before_capacity: readonly number[]; readonly aux_loss_unscaled: number; readonly z_loss: number };
  }[];
}

const sizes = fc.record({ tokens: fc.integer({ min: 1, max: 6 }), experts: fc.integer({ min: 1, max: 6 }) });

function softmaxOf(numerics: Numerics, { tokens, experts }: { readonly tokens: number; readonly experts: number }, logits: Reals) {
  const scores = { probabilities: numerics.zeros(tokens * experts), statistics: numerics.zeros(2 * tokens) };
  softmax(numerics, { rows: tokens, columns: experts }, logits, scores.probabilities, scores.statistics);
  return scores;
}

describe('router losses', () => {
  it('agree with the golden cases', () => {
    const { cases } = readVectors<Vectors>('switch_top1.json');
    expect(cases.length).toBeGreaterThan(3);
    for (const { name, logits, out } of cases) {
      const shape = { tokens: logits.length, experts: logits[0].length };
      for (const [numerics, tolerance] of [
        [F64, 1e-9],
        [F32, 2e-6],
      ] as const) {
        const { probabilities, statistics } = softmaxOf(numerics, shape, Float64Array.from(logits.flat()));
        const auxiliary = routerAuxiliaryLoss(numerics, shape, out.counts_before_capacity, probabilities);
        expect(Math.abs(auxiliary - out.aux_loss_unscaled) / out.aux_loss_unscaled, name).toBeLessThan(tolerance);
        expect(Math.abs(routerZLossOf(numerics, shape, statistics) - out.z_loss) / out.z_loss, name).toBeLessThan(tolerance);
      }
    }
  });

  it('the auxiliary loss has its gradient, and is that of the sums', () => {
    fc.assert(
      fc.property(sizes, fc.nat(1e6), (shape, seed) => {
        const { tokens, experts } = shape;
        const probabilities = randomReals(seed, tokens * experts);
        const counts = new Int32Array(experts);
        for (let s = 0; s < tokens; s++) counts[(s * s + seed) % experts]++;
        const chosen = counts.filter((count) => count > 0).length;
        const nonZero = checkGradients({
          inputs: { probabilities },
          outputs: 1,
          forward: (y) => {
            y[0] = routerAuxiliaryLoss(F64, shape, counts, probabilities);
          },
          backward: ([dy], gradients) => routerAuxiliaryLossBackward(F64, shape, counts, dy, gradients.probabilities),
        });
        // The count is a constant: an expert that nobody chose pulls at nothing.
        expect(nonZero).toBe(chosen * tokens);
        const sums = new Float64Array(experts);
        for (let i = 0; i < probabilities.length; i++) sums[i % experts] += probabilities[i];
        expect(routerAuxiliaryLoss(F64, shape, counts, probabilities)).toBeCloseTo(balanceLoss(counts, sums, tokens), 12);
      }),
      { numRuns: 40, seed: 1 },
    );
  });

  it('the z-loss has its gradient', () => {
    let count = 0;
    fc.assert(
      fc.property(sizes, fc.nat(1e6), (shape, seed) => {
        const logits = randomReals(seed, shape.tokens * shape.experts, 3);
        count += checkGradients({
          inputs: { logits },
          outputs: 1,
          forward: (y) => {
            y[0] = routerZLossOf(F64, shape, softmaxOf(F64, shape, logits).statistics);
          },
          backward: ([dy], gradients) => routerZLossOfBackward(F64, shape, softmaxOf(F64, shape, logits), dy, gradients.logits),
        });
      }),
      { numRuns: 40, seed: 2 },
    );
    expect(count).toBeGreaterThan(200);
  });

  it('are exact where that can be said by hand', () => {
    const shape = { tokens: 2, experts: 2 };
    const uniform = Float32Array.of(0.5, 0.5, 0.5, 0.5);
    expect(routerAuxiliaryLoss(F32, shape, [1, 1], uniform)).toBe(1);
    expect(routerAuxiliaryLoss(F32, shape, [2, 0], Float32Array.of(1, 0, 0.5, 0.5))).toBe(1.5);
    const dProbabilities = F32.zeros(4);
    routerAuxiliaryLossBackward(F32, shape, [2, 0], 3, dProbabilities);
    // 3 x E f / S = 3 x 2 x 1 / 2
    expect(Array.from(dProbabilities)).toEqual([3, 0, 3, 0]);
    // Maxima 3 and -1, sums 1: squares 9 and 1.
    expect(routerZLossOf(F32, shape, Float32Array.of(3, -1, 1, 1))).toBe(5);
    const dLogits = F32.zeros(4);
    routerZLossOfBackward(F32, shape, { probabilities: uniform, statistics: Float32Array.of(3, -1, 1, 1) }, 1, dLogits);
    expect(Array.from(dLogits)).toEqual([1.5, 1.5, -0.5, -0.5]);
  });

  it('refuse what does not fit', () => {
    const shape = { tokens: 2, experts: 2 };
    expect(() => routerAuxiliaryLoss(F32, shape, [1], F32.zeros(4))).toThrow(
      'routerAuxiliaryLoss: counts must have 2 elements (one per expert), has 1',
    );
    expect(() => routerZLossOf(F32, shape, F32.zeros(3))).toThrow('routerZLossOf: statistics must have 4 elements (2 x 2 tokens), has 3');
    expect(() => routerAuxiliaryLossBackward(F32, { tokens: 0, experts: 2 }, [0, 0], 1, F32.zeros(0))).toThrow(
      'routerAuxiliaryLossBackward: tokens must be a whole number of at least 1, is 0',
    );
  });
});
