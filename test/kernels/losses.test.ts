import { describe, expect, it } from 'vitest';
import { routerZLoss, squaredLogSumExp } from '../../src/kernels/index.ts';
import { addProbabilitySums, balanceLoss } from '../../src/routing/index.ts';

/** Held against vectors by test/conformance; here what is known without them. */
describe('router losses', () => {
  it('are least, 1, when routing is uniform, and E when one expert takes all', () => {
    expect(balanceLoss([5, 5, 5, 5], [5, 5, 5, 5], 20)).toBe(1);
    expect(balanceLoss([20, 0, 0, 0], [20, 0, 0, 0], 20)).toBe(4);
  });

  it('sum probabilities by expert', () => {
    const sums = new Float64Array(2);
    addProbabilitySums(sums, Float32Array.of(0.25, 0.75, 0.5, 0.5));
    expect(Array.from(sums)).toEqual([0.75, 1.25]);
  });

  it('are the mean square of the logarithm of the sum: maxima and sums of two rows', () => {
    // log(1) + 3 and log(1) - 1.
    expect(routerZLoss(squaredLogSumExp(Float32Array.of(3, -1, 1, 1)), 2)).toBe(5);
  });
});
