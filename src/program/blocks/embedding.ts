import { embeddingWeights } from '../../model/index.ts';
import { type Block, compute, type Step } from '../block.ts';
import { allTokensOf, type Sizes } from '../sizes.ts';

/**
 * Token embedding of both stacks: a gather of rows, or a product with one-hot rows that are made on the fly (Mesh-TensorFlow's `gather`:
 * tensorflow/mesh mesh_tensorflow/ops.py). T tokens per device of both stacks, V vocabulary, d dModel.
 */
const PART = 'embedding';

export function embeddingBlock(sizes: Sizes, lookup: 'one-hot' | 'gather'): Block {
  const { model, activationBytes: a, weightBytes: w } = sizes;
  const T = allTokensOf(sizes);
  const d = model.dModel;
  const V = model.vocab;
  const forward: Step =
    lookup === 'one-hot'
      ? compute('fw', PART, 'one-hot product', {
          matmuls: [{ m: T, k: V, n: d, batch: 1 }],
          vectorOps: T * V,
          hbmBytes: w * V * d + a * T * d,
        })
      : compute('fw', PART, 'gather', { hbmBytes: (w + a) * T * d });
  const backward: Step =
    lookup === 'one-hot'
      ? compute('wgrad', PART, 'one-hot product', {
          matmuls: [{ m: V, k: T, n: d, batch: 1 }],
          vectorOps: T * V,
          hbmBytes: a * (T * d + V * d),
        })
      : compute('wgrad', PART, 'scatter-add', { vectorOps: T * d, hbmBytes: a * (3 * T * d + V * d) });
  return {
    name: 'embedding',
    forward: [forward],
    backward: [backward],
    recomputable: false,
    input: { name: 'token ids', bytes: 4 * T },
    encoderOutput: null,
    saved: [],
    workingForward: [],
    workingBackward: [],
    weights: embeddingWeights(model),
  };
}
