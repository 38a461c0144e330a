import type { Fault } from '../fault.ts';

const ATTENTION = 'src/kernels/reference/attention.ts';
const LAYER = 'src/kernels/reference/attention-layer.ts';
const BUCKETS = 'src/kernels/reference/relative-bias.ts';
const LINEAR = 'src/kernels/reference/linear.ts';
const NORM = 'src/kernels/reference/rms-norm.ts';
const ROTARY = 'src/kernels/reference/rotary.ts';
const TINY_MODEL = {
  file: 'test/kernels/reference/tiny-model.test.ts',
  test: 'a complete model of reference kernels: encoder, decoder, Switch layers, losses has the gradient of its loss',
};

const testOf = (kernel: string, test: string) => ({ file: `test/kernels/reference/${kernel}.test.ts`, test });

/** Faults in attention and what stands around it. */
export const ATTENTION_FAULTS: readonly Fault[] = [
  {
    name: 'causal-looks-ahead',
    what: 'a causal query sees the key behind its own',
    file: ATTENTION,
    from: 'j <= firstQuery + i)',
    to: 'j <= firstQuery + i + 1)',
    caughtBy: testOf('attention', 'causal attention gives the first position its own value'),
  },
  {
    name: 'scores-over-head-size',
    what: 'scores are divided by the size of a head instead of its root',
    file: ATTENTION,
    from: '1 / round(Math.sqrt(headDim))',
    to: '1 / headDim',
    caughtBy: testOf('attention', 'attention divides scores by the root of headDim'),
  },
  {
    name: 'key-gradient-unscaled',
    what: 'the gradient of the keys lacks the scale of the scores',
    file: ATTENTION,
    from: 'round(keySum * scale)',
    to: 'keySum',
    caughtBy: testOf('attention', 'attention has the gradient of finite differences'),
  },
  {
    name: 'unseen-row-is-nan',
    what: 'a query that sees no key keeps the NaN of nothing over nothing',
    file: ATTENTION,
    from: 'outputs.probabilities.fill(0, row * keys, (row + 1) * keys);',
    to: 'continue;',
    caughtBy: testOf('attention', 'masked attention gives a query that sees no key zeros'),
  },
  {
    name: 'residual-without-gradient',
    what: 'no gradient passes by an attention sub-layer',
    file: LAYER,
    from: 'dx[n] = numerics.store(dx[n] + (0 + dy[n]));',
    to: 'dx[n] = numerics.store(dx[n]);',
    caughtBy: TINY_MODEL,
  },
  {
    name: 'keys-not-turned-back',
    what: 'the gradient of the keys skips the opposite turn of the rotary embedding',
    file: LAYER,
    from: 'dk = turnedBack(numerics, turns.key, angles, dk);',
    to: '',
    caughtBy: TINY_MODEL,
  },
  {
    name: 'rotary-gradient-turns-on',
    what: 'the backward pass turns in the forward direction',
    file: ROTARY,
    from: 'round(round(dy[low] * cosines[angle]) + round(dy[high] * sines[angle]))',
    to: 'round(round(dy[low] * cosines[angle]) - round(dy[high] * sines[angle]))',
    caughtBy: testOf('rotary', 'rotary position embedding has the gradient of finite differences'),
  },
  {
    name: 'rotary-angles-in-f32',
    what: 'angles are rounded to f32 before their cosine, so far positions lose digits',
    file: ROTARY,
    from: 'cos(positions[r] * frequency)',
    to: 'cos(round(positions[r] * frequency))',
    caughtBy: testOf('rotary', 'rotary position embedding keeps digits at far positions'),
  },
  {
    name: 'bucket-directions-exchanged',
    what: 'keys before and behind the query exchange their buckets',
    file: BUCKETS,
    from: 'bidirectional && distance > 0',
    to: 'bidirectional && distance < 0',
    caughtBy: testOf('relative-bias', 'relative position buckets of T5 are those of the table'),
  },
  {
    name: 'norm-gradient-without-mean',
    what: 'the backward pass of the norm takes the statistics as constants',
    file: NORM,
    from: 'round(normed * mean)',
    to: '0',
    caughtBy: testOf('rms-norm', 'RMS norm has the gradient of finite differences'),
  },
  {
    name: 'normed-row-not-bf16',
    what: 'the norm rounds once, after the gain',
    file: NORM,
    from: 'store(store(x[from + d] * inverse) * gain[d])',
    to: 'store(round(x[from + d] * inverse) * gain[d])',
    caughtBy: testOf('rms-norm', 'RMS norm in bf16 rounds the normed row before it meets the gain'),
  },
  {
    name: 'bias-after-rounding',
    what: 'a matrix product is rounded to bf16 before its bias joins',
    file: LINEAR,
    from: 'round(sum + bias[o])',
    to: 'store(sum) + bias[o]',
    caughtBy: testOf('linear', 'linear hands on bf16 numbers'),
  },
  {
    name: 'sums-in-bf16',
    what: 'a matrix product sums in bf16',
    file: LINEAR,
    from: 'sum = round(sum + round(x[s * inputs + i] * weight[i * outputs + o]));',
    to: 'sum = store(sum + round(x[s * inputs + i] * weight[i * outputs + o]));',
    caughtBy: { file: 'test/kernels/bf16.test.ts', test: 'golden dot products of bf16 are sums in f32' },
  },
];
