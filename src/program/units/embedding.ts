import { remember } from '../../base/index.ts';
import { embeddingWeights, layersOf, type ModelSpec } from '../../model/index.ts';
import { allTokensOf, type Sizes, tokensOf } from '../sizes.ts';
import { type ComputeStep, compute, type Step, type Tensor, type Unit, type WeightGroup } from '../unit.ts';
import { weightProduct } from './products.ts';
import { gatherOfStream, segmentOf, sumOfStream, tensor, wholeName } from './sub-layer.ts';

/**
 * Token embedding of both stacks: a gather of rows, or a product with one-hot rows (Mesh-TensorFlow's `gather`: tensorflow/mesh mesh_tensorflow/ops.py).
 * Those are made on the fly forward; the gradient of the table, which sums over tokens, reads them from memory. The tensor axis cuts the vocabulary, padded to a multiple of its members, and rows are summed over it.
 * T tokens per device of both stacks, V words of the device, d dModel.
 */
const PART = 'embedding';
const NAME = 'embedding';
const IDS = 'token ids';
const ONE_HOT_ROWS = 'one-hot rows';
/** What every layer reads of the second embedding, where there is one. */
export const OWN_EMBEDDING = 'own embedding';

export function embeddingUnit(sizes: Sizes): Unit {
  const { model } = sizes;
  const T = allTokensOf(sizes);
  const sum = sumOfStream(sizes, 'fw', 'rows', 'x', T * model.dModel, 1);
  const own = ownEmbeddings(sizes);
  const inputs = own.forward.length > 0 ? gatherOfStream(sizes, 'fw', 'x', tokensOf(sizes, 'decoder') * model.dModel, 0) : NOTHING;
  const gradients = sizes.learns ? gatherOfStream(sizes, 'agrad', 'd x', T * model.dModel, 0) : NOTHING;
  return {
    name: NAME,
    kind: NAME,
    tensors: [...tensorsOf(sizes, T, sum.tensors, own.tensors), ...inputs.tensors, ...gradients.tensors],
    input: null,
    output: 'x',
    forward: [forward(sizes, T, sum.partial), ...sum.steps, ...inputs.steps, ...own.forward],
    backward: sizes.learns ? [...gradients.steps, ...own.backward, backward(sizes, T)] : [],
    weights: [embeddingGroup(model)],
    tied: [],
    resident: [],
    loop: null,
    recomputable: false,
    readsEncoder: false,
  };
}

const NOTHING: ReturnType<typeof gatherOfStream> = { steps: [], tensors: [] };

/** Weights of the embedding, and number of layers. */
export const embeddingGroup = remember((model: ModelSpec): WeightGroup => ({ name: NAME, matrices: embeddingWeights(model) }));
const layerCount = remember((model: ModelSpec): number => layersOf(model).length);

/** Words on one member of the tensor axis. */
export function wordsOf({ model, tensor: members }: Sizes): number {
  return Math.ceil(model.vocab / members);
}

function forward(sizes: Sizes, T: number, result: string): ComputeStep {
  const { activationBytes: a, weightBytes: w, model } = sizes;
  const d = model.dModel;
  const V = wordsOf(sizes);
  const links = { reads: [IDS], makes: [result], uses: [NAME], segment: segmentOf(sizes, 1) };
  // A row of a learned table of positions is added.
  const positions = model.positions.kind === 'learned' ? T * d : 0;
  if (sizes.embedding === 'gather') {
    return compute('fw', PART, 'gather', { work: { vectorOps: positions, hbmBytes: (w + a) * T * d }, ...links });
  }
  const work = { matmuls: [{ m: T, k: V, n: d, batch: 1 }], vectorOps: T * V + positions, hbmBytes: w * V * d + a * T * d };
  return compute('fw', PART, 'one-hot product', { work, ...links });
}

function backward(sizes: Sizes, T: number): ComputeStep {
  const { activationBytes: a, model } = sizes;
  const d = model.dModel;
  const V = wordsOf(sizes);
  const links = { reads: [IDS, wholeName(sizes, 'd x')], gradients: [NAME] };
  const positions = model.positions.kind === 'learned' ? T * d : 0;
  if (sizes.embedding === 'gather') {
    const work = { vectorOps: T * d + positions, hbmBytes: a * (3 * T * d + V * d) };
    return compute('wgrad', PART, 'scatter-add', { work, ...links });
  }
  const work = { matmuls: [{ m: V, k: T, n: d, batch: 1 }], vectorOps: T * V + positions, hbmBytes: a * (2 * T * V + T * d + V * d) };
  return compute('wgrad', PART, 'one-hot product', { work, ...links, makes: [ONE_HOT_ROWS] });
}

function tensorsOf(sizes: Sizes, T: number, partial: readonly Tensor[], own: readonly Tensor[]): Tensor[] {
  const { model, activationBytes: a } = sizes;
  const first = tokensOf(sizes, model.encoderLayers > 0 && sizes.kind !== 'decode' ? 'encoder' : 'decoder');
  const bytes = (a * first * model.dModel) / sizes.activationShards;
  return [
    tensor(IDS, IDS, 4 * T),
    tensor('x', 'block inputs', bytes),
    ...(sizes.learns ? [tensor('d x', 'activation gradients', bytes)] : []),
    ...(sizes.learns && sizes.embedding === 'one-hot' ? [tensor(ONE_HOT_ROWS, ONE_HOT_ROWS, a * T * wordsOf(sizes))] : []),
    ...partial,
    ...own,
  ];
}

/** Rows of the second table and a projection of the first embedding, for all layers at once: [T, layers x own]. */
function ownEmbeddings(sizes: Sizes): { readonly forward: Step[]; readonly backward: Step[]; readonly tensors: Tensor[] } {
  const { model, activationBytes: a, weightBytes: w } = sizes;
  const T = tokensOf(sizes, 'decoder');
  const d = model.dModel;
  const columns = (layerCount(model) * model.perLayerEmbeddingDim) / sizes.tensor;
  if (columns === 0) return { forward: [], backward: [], tensors: [] };
  const product = { m: T, k: d, n: columns, batch: 1 };
  return {
    forward: [
      compute('fw', PART, 'embeddings of layers', {
        work: weightProduct(sizes, 'fw', {
          matmuls: [product],
          vectorOps: 2 * T * columns,
          hbmBytes: w * T * columns + a * T * (d + columns),
          weights: d * columns,
        }),
        reads: [IDS, wholeName(sizes, 'x')],
        makes: [OWN_EMBEDDINGS],
        uses: [NAME],
      }),
    ],
    backward: sizes.learns
      ? [
          compute('wgrad', PART, 'embeddings of layers', {
            work: weightProduct(sizes, 'wgrad', {
              matmuls: [{ m: d, k: T, n: columns, batch: 1 }],
              vectorOps: T * columns,
              hbmBytes: a * (3 * T * columns + T * d + d * columns),
            }),
            reads: [IDS, wholeName(sizes, 'x'), OWN_EMBEDDINGS],
            gradients: [NAME],
          }),
          compute('agrad', PART, 'embeddings of layers', {
            work: weightProduct(sizes, 'agrad', {
              matmuls: [{ m: T, k: columns, n: d, batch: 1 }],
              hbmBytes: a * T * (columns + 2 * d),
              weights: d * columns,
            }),
            reads: [OWN_EMBEDDINGS, wholeName(sizes, 'd x')],
            makes: ['d first embedding'],
            uses: [NAME],
          }),
        ]
      : [],
    tensors: [
      tensor(OWN_EMBEDDINGS, 'embeddings of layers', a * T * columns),
      ...(sizes.learns ? [tensor('d first embedding', 'activation gradients', a * T * d)] : []),
    ],
  };
}

const OWN_EMBEDDINGS = 'own embeddings';
