import type { Fault } from '../fault.ts';

const ACTIVATIONS = 'test/base/activations.test.ts';
const NORMAL = 'test/base/normal.test.ts';
const OPTIMIZERS = 'test/kernels/reference/optimizers.test.ts';
const CROSS_ENTROPY = { file: 'test/kernels/reference/cross-entropy.test.ts', source: 'src/kernels/reference/cross-entropy.ts' };
const ADAFACTOR = 'src/kernels/reference/optimizers/adafactor.ts';
const ADAFACTOR_PASSES = 'src/kernels/reference/adafactor-passes.ts';
const ADAMW = 'src/kernels/reference/optimizers/adamw.ts';

/** Faults where a step begins and ends, and in the elementary functions under it. */
export const END_FAULTS: readonly Fault[] = [
  {
    name: 'embedding-gradient-overwrites',
    what: 'the last of several equal ids gives the gradient instead of their sum',
    file: 'src/kernels/reference/embedding.ts',
    from: 'numerics.round(dTable[at] + dy[t * dModel + d])',
    to: 'dy[t * dModel + d]',
    caughtBy: { file: 'test/kernels/reference/embedding.test.ts', test: 'embedding gathers rows, and adds gradients' },
  },
  {
    name: 'no-z-gradient',
    what: 'the z-loss of the vocabulary has no gradient',
    file: CROSS_ENTROPY.source,
    from: 'round(1 + round(round(2 * zLoss) * logZ))',
    to: '1 + 0 * logZ',
    caughtBy: { file: CROSS_ENTROPY.file, test: 'cross-entropy has the gradient that differences give' },
  },
  {
    name: 'padding-in-the-mean',
    what: 'the gradient is a mean over all tokens, padding too',
    file: CROSS_ENTROPY.source,
    from: 'round(dLoss / counted)',
    to: 'round(dLoss / tokens)',
    caughtBy: { file: CROSS_ENTROPY.file, test: 'cross-entropy is the mean over the tokens that are no padding' },
  },
  {
    name: 'maximum-not-subtracted',
    what: 'large logits overflow in the sum of their exponentials',
    file: CROSS_ENTROPY.source,
    from: 'numerics.exp(numerics.round(logits[from + v] - maximum))',
    to: 'numerics.exp(logits[from + v])',
    caughtBy: { file: CROSS_ENTROPY.file, test: 'cross-entropy neither overflows nor loses digits' },
  },
  {
    name: 'adamw-uncorrected',
    what: 'the second moment is not corrected for its start from zero',
    file: ADAMW,
    from: '1 - wholePower(beta2, step)',
    to: '1',
    caughtBy: { file: OPTIMIZERS, test: 'adamw equals the moments written as sums over all steps' },
  },
  {
    name: 'adamw-without-decay',
    what: 'weights do not decay',
    file: ADAMW,
    from: 'round(direction + round(decay * weights[i]))',
    to: 'round(direction + 0 * decay)',
    caughtBy: { file: OPTIMIZERS, test: 'optimizers adamw: a gradient of zero moves nothing but by decay' },
  },
  {
    name: 'adafactor-unclipped',
    what: 'updates are not clipped to a root mean square of d',
    file: ADAFACTOR_PASSES,
    from: 'round(rootMeanSquare(directionSquares) / round(clippingThreshold))',
    to: '1',
    caughtBy: { file: OPTIMIZERS, test: 'adafactor never moves further than the clip' },
  },
  {
    name: 'adafactor-late-decay',
    what: 'the decay of the second moment is one step ahead, so its start from zero stays in it',
    file: ADAFACTOR,
    from: 'log(step)',
    to: 'log(step + 1)',
    caughtBy: { file: OPTIMIZERS, test: 'adafactor by hand: the first step' },
  },
  {
    name: 'adafactor-wrong-mean',
    what: 'row means divide by the number of rows',
    file: ADAFACTOR_PASSES,
    from: 'next(rowMeans[r], rowSums[r], columns)',
    to: 'next(rowMeans[r], rowSums[r], rows)',
    caughtBy: { file: OPTIMIZERS, test: 'adafactor by hand: the first step' },
  },
  {
    name: 'adafactor-other-blocks',
    what: 'sums of columns run over other blocks of rows, and round otherwise',
    file: ADAFACTOR_PASSES,
    from: 'BLOCK_ROWS = 64',
    to: 'BLOCK_ROWS = 128',
    caughtBy: { file: OPTIMIZERS, test: 'adafactor by hand: sums of a row' },
  },
  {
    name: 'adafactor-lanes-beyond-the-row',
    what: 'lanes behind the end of a row take part in its sum',
    file: 'src/kernels/wasm/adafactor.ts',
    from: 'keep(local.get(square))',
    to: 'local.get(square)',
    caughtBy: {
      file: 'test/kernels/optimizers.test.ts',
      test: 'updates of weights have the bits of the reference on every path adafactor',
    },
  },
  {
    name: 'gather-keeps-negative-zero',
    what: 'a row of bf16 is copied as it is, where a product with a mask makes 0 of -0',
    file: 'src/kernels/wasm/row-moves.ts',
    from: 'v128.andNot(local.get(vector), isNegativeZero)',
    to: 'local.get(vector)',
    caughtBy: { file: 'test/kernels/moves.test.ts', test: 'moves of rows have the bits of dispatch and combine' },
  },
  {
    name: 'exp-out-of-table',
    what: 'exp is NaN between the smallest double and half of it',
    file: 'src/base/elementary.ts',
    from: 'if (n < SMALLEST_EXPONENT) return p * 0.5 * POWER_OF_TWO[0];',
    to: '',
    caughtBy: { file: 'test/base/elementary.test.ts', test: 'elementary functions exp is a number for every argument near underflow' },
  },
  {
    name: 'log-two-terms-short',
    what: 'the series of the logarithm ends two terms early',
    file: 'src/base/elementary.ts',
    from: 'p = p * z + 1 / 19;',
    to: 'p = 0;',
    caughtBy: { file: 'test/base/elementary.test.ts', test: 'elementary functions against 220-bit arithmetic log is within 2e-16' },
  },
  {
    name: 'smoothing-over-all-classes',
    what: 'label smoothing is shared out among all classes, the target too',
    file: 'src/kernels/reference/wanted-classes.ts',
    from: 'round(labelSmoothing / (vocabulary - 1))',
    to: 'round(labelSmoothing / vocabulary)',
    caughtBy: { file: 'test/kernels/reference/cross-entropy.test.ts', test: 'cross-entropy by hand: two classes' },
  },
  {
    name: 'density-of-a-rounded-square',
    what: 'the normal density rounds x squared before it is exponentiated',
    file: 'src/base/normal.ts',
    from: 'const z = Math.fround(x);',
    to: 'const z = x;',
    caughtBy: { file: NORMAL, test: 'normal distribution density is within 2e-15' },
  },
  {
    name: 'one-halley-step',
    what: 'lower quantiles of the normal distribution are refined once instead of twice',
    file: 'src/base/normal.ts',
    from: 'for (let step = 0; step < 2; step++) x = halley(x, upperTail(-x) - p);',
    to: 'x = halley(x, upperTail(-x) - p);',
    caughtBy: { file: NORMAL, test: 'normal distribution inverse is within 3e-15' },
  },
  {
    name: 'softplus-cancels',
    what: 'softplus takes the logarithm of a rounded 1 + e^x',
    file: 'src/base/activations.ts',
    from: 'sum === 1 ? y : (log(sum) * y) / (sum - 1)',
    to: 'log(sum)',
    caughtBy: { file: ACTIVATIONS, test: 'activations softplus is within 2e-15' },
  },
  {
    name: 'gelu-slope-without-three',
    what: 'the derivative of the cube in GELU has no factor 3',
    file: 'src/base/activations.ts',
    from: '(1 + 3 * GELU_CUBE * z)',
    to: '(1 + GELU_CUBE * z)',
    caughtBy: { file: ACTIVATIONS, test: 'activations the derivative of gelu is its slope' },
  },
];
