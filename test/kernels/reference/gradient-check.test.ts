import { describe, expect, it } from 'vitest';
import { expectElements, expectThat, expectWhole } from '../../../src/kernels/index.ts';
import { checkGradients, type GradientCase } from './gradient-check.ts';

/** y = x^3 elementwise, with a backward that a test can spoil. */
function cube(derivative: (x: number) => number, add = true): GradientCase {
  const x = Float64Array.of(0.5, -1.25, 2);
  return {
    inputs: { x },
    outputs: 3,
    forward: (y) => {
      for (let i = 0; i < 3; i++) y[i] = x[i] ** 3;
    },
    backward: (dy, { x: dx }) => {
      for (let i = 0; i < 3; i++) dx[i] = (add ? dx[i] : 0) + dy[i] * derivative(x[i]);
    },
  };
}

describe('the gradient check', () => {
  it('accepts a right gradient and counts what it looked at', () => {
    expect(checkGradients(cube((x) => 3 * x * x))).toBe(3);
  });

  it.each([
    ['a wrong factor', cube((x) => 3.00001 * x * x)],
    ['a wrong sign at one place', cube((x) => 3 * x * Math.abs(x))],
    ['a backward that overwrites', cube((x) => 3 * x * x, false)],
    ['a backward that does nothing', cube(() => 0)],
    ['an output that is not written', { ...cube((x) => 3 * x * x), forward: () => {} }],
    ['nothing to look at', { ...cube((x) => 3 * x * x), inputs: {} }],
  ])('refuses %s', (_fault, kernel) => {
    expect(() => checkGradients(kernel)).toThrow(/gradient/);
  });
});

describe('errors of tensors that do not fit', () => {
  it('name function, argument, bound and value', () => {
    expect(() => expectElements('rmsNorm', 'x', new Float32Array(10), 12, '3 rows x 4')).toThrow(
      'rmsNorm: x must have 12 elements (3 rows x 4), has 10',
    );
    expect(() => expectElements('topK', 'indices', new Int32Array(1), 2)).toThrow('topK: indices must have 2 elements, has 1');
    expect(() => expectWhole('topK', 'k', 1.5, 1)).toThrow('topK: k must be a whole number of at least 1, is 1.5');
    expect(() => expectThat(false, 'attention', 'kvHeads', 'must divide heads = 8', 3)).toThrow(
      'attention: kvHeads must divide heads = 8, is 3',
    );
  });

  it('stay away where everything fits', () => {
    expect(() => expectElements('rmsNorm', 'x', new Float64Array(12), 12)).not.toThrow();
    expect(() => expectWhole('topK', 'k', 1, 1)).not.toThrow();
  });
});
