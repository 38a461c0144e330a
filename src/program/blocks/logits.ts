import { outputStack, outputWeights } from '../../model/index.ts';
import { type Block, compute } from '../block.ts';
import { type Sizes, tokensOf } from '../sizes.ts';

/**
 * Logits, softmax and cross-entropy over the vocabulary, in f32 through HBM. T tokens per device of the last stack, V vocabulary, d dModel.
 * A tied output matrix is the embedding's, which owns its weights and their gradient.
 */
const PART = 'logits and loss';
const F32 = 4;
const LOSS_OPS = 10;
/** The logits are read for the maximum, the sum and the chosen logit. */
const LOSS_PASSES = 3;

export function logitsBlock(sizes: Sizes): Block {
  const { model, activationBytes: a, weightBytes: w } = sizes;
  const T = tokensOf(sizes, outputStack(model));
  const d = model.dModel;
  const V = model.vocab;
  return {
    name: 'logits and loss',
    forward: [
      compute('fw', PART, 'logits', { matmuls: [{ m: T, k: d, n: V, batch: 1 }], hbmBytes: a * T * d + w * d * V + F32 * T * V }),
      compute('fw', PART, 'cross-entropy', { vectorOps: LOSS_OPS * T * V, hbmBytes: LOSS_PASSES * F32 * T * V }),
    ],
    backward: [
      compute('agrad', PART, 'cross-entropy', { vectorOps: LOSS_OPS * T * V, hbmBytes: (F32 + a) * T * V }),
      compute('agrad', PART, 'logits', { matmuls: [{ m: T, k: V, n: d, batch: 1 }], hbmBytes: a * (T * V + T * d) + w * d * V }),
      compute('wgrad', PART, 'logits', { matmuls: [{ m: d, k: T, n: V, batch: 1 }], hbmBytes: a * (T * d + T * V + d * V) }),
    ],
    recomputable: false,
    input: { name: 'block inputs', bytes: a * T * d },
    encoderOutput: null,
    saved: [{ name: 'logits', bytes: F32 * T * V }],
    workingForward: [],
    workingBackward: [{ name: 'logit gradients', bytes: a * T * V }],
    weights: outputWeights(model),
  };
}
