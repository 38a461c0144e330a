import {
  type AttentionInputs,
  type AttentionShape,
  attention,
  attentionBackward,
  type Numerics,
  type Reals,
} from '../../../src/kernels/index.ts';
import { randomReals, stored } from './tensors.ts';

export interface AttentionRun {
  readonly probabilities: Reals;
  readonly context: Reals;
  readonly dq: Reals;
  readonly dk: Reals;
  readonly dv: Reals;
  readonly dBias: Reals;
}

export function randomInputs(
  numerics: Numerics,
  shape: AttentionShape,
  seed: number,
  scale = 1,
): AttentionInputs & { readonly bias: Reals } {
  const { batch, queries, keys, heads, kvHeads, headDim } = shape;
  return {
    q: stored(numerics, randomReals(seed, batch * queries * heads * headDim, scale)),
    k: stored(numerics, randomReals(seed + 1, batch * keys * kvHeads * headDim, scale)),
    v: stored(numerics, randomReals(seed + 2, batch * keys * kvHeads * headDim, scale)),
    bias: stored(numerics, randomReals(seed + 3, heads * queries * keys, scale)),
    keyMask: null,
  };
}

export function randomContextGradient(numerics: Numerics, shape: AttentionShape, seed: number): Reals {
  return stored(numerics, randomReals(seed, shape.batch * shape.queries * shape.heads * shape.headDim));
}

/** Forward into old contents that must not matter, then backward from dContext. */
export function runAttention(numerics: Numerics, shape: AttentionShape, inputs: AttentionInputs, dContext: Reals): AttentionRun {
  const { batch, queries, keys, heads } = shape;
  const probabilities = numerics.zeros(batch * heads * queries * keys).fill(Number.NaN);
  const context = numerics.zeros(inputs.q.length).fill(Number.NaN);
  attention(numerics, shape, inputs, { probabilities, context });
  const dq = numerics.zeros(inputs.q.length);
  const dk = numerics.zeros(inputs.k.length);
  const dv = numerics.zeros(inputs.v.length);
  const dBias = numerics.zeros(heads * queries * keys);
  attentionBackward(numerics, shape, inputs, probabilities, dContext, { dq, dk, dv, dBias });
  return { probabilities, context, dq, dk, dv, dBias };
}
