import {
  type AttentionLayerShape,
  type AttentionLayerWeights,
  attentionLayer,
  attentionLayerBackward,
  attentionLayerSaved,
  crossEntropy,
  crossEntropyBackward,
  DISPATCH_FORMS,
  dropout,
  dropoutBackward,
  embedding,
  embeddingBackward,
  linear,
  linearBackward,
  meanLoss,
  type Numerics,
  type Reals,
  relativeBias,
  relativeBiasBackward,
  rmsNorm,
  rmsNormBackward,
  type SwitchLayerOptions,
  selectivePrecision,
  switchLayer,
  switchLayerBackward,
} from '../../../src/kernels/index.ts';

/**
 * The smallest complete model, an encoder and a decoder of one block each, made of the reference kernels alone:
 *
 *   encoder   embedding -> attention with T5's relative bias -> Switch layer -> norm = memory
 *   decoder   embedding -> dropout -> causal attention with rotary embedding -> attention to the memory, of which one key is padding
 *             -> Switch layer -> norm -> logits -> cross-entropy with smoothing and z-loss, and the two losses of either router
 */
const [BATCH, LENGTH, MODEL, HEADS, HEAD, VOCABULARY, EXPERTS, EXPERT] = [2, 3, 4, 2, 2, 7, 3, 3];
export const TINY_EXPERTS = EXPERTS;
const TOKENS = BATCH * LENGTH;
const ROWS = { rows: TOKENS, dModel: MODEL };
const IDS = { encoder: Int32Array.of(3, 1, 4, 1, 5, 0), decoder: Int32Array.of(0, 6, 5, 0, 3, 5) };
const WANTED = { targets: Int32Array.of(6, 5, 3, 3, 5, -1), labelSmoothing: 0.1, zLoss: 0.05 };
/** The last key of the first sequence. */
const PADDING = Uint8Array.of(1, 1, 0, 1, 1, 1);

const EMBEDDING = { tokens: TOKENS, vocabulary: VOCABULARY, dModel: MODEL };
const BUCKETS = { buckets: 6, maxDistance: 4, bidirectional: true, heads: HEADS, queries: LENGTH, keys: LENGTH };
const ENCODER: AttentionLayerShape = {
  batch: BATCH,
  queries: LENGTH,
  keys: LENGTH,
  dModel: MODEL,
  heads: HEADS,
  kvHeads: HEADS,
  headDim: HEAD,
  causal: false,
  scale: 1,
  rotaryBase: null,
};
const DECODER: AttentionLayerShape = { ...ENCODER, kvHeads: 1, causal: true, scale: undefined, rotaryBase: 10_000 };
const SWITCH = { tokens: TOKENS, dModel: MODEL, dExpert: EXPERT, experts: EXPERTS, expertCapacity: 2, activation: 'geglu' } as const;
const LOGITS = { rows: TOKENS, inputs: MODEL, outputs: VOCABULARY };
const GLOBAL_TOKENS = Array.from({ length: TOKENS }, (_, token) => 100 + token);
const DROPOUT = { rate: 0.2, seed: 3, step: 1, layer: 0, site: 0 };

const attentionShapes = (name: string, kvHeads: number) => ({
  [`${name}.gain`]: [1, MODEL],
  [`${name}.query`]: [MODEL, HEADS * HEAD],
  [`${name}.key`]: [MODEL, kvHeads * HEAD],
  [`${name}.value`]: [MODEL, kvHeads * HEAD],
  [`${name}.output`]: [HEADS * HEAD, MODEL],
});
const switchShapes = (name: string) => ({
  [`${name}.gain`]: [1, MODEL],
  [`${name}.router`]: [MODEL, EXPERTS],
  [`${name}.gate`]: [EXPERTS * MODEL, EXPERT],
  [`${name}.in`]: [EXPERTS * MODEL, EXPERT],
  [`${name}.out`]: [EXPERTS * EXPERT, MODEL],
});

/** Rows and columns of every weight. */
export const TINY_SHAPES: Readonly<Record<string, readonly number[]>> = {
  embedding: [VOCABULARY, MODEL],
  bias: [BUCKETS.buckets, HEADS],
  ...attentionShapes('encoder', HEADS),
  ...switchShapes('encoderSwitch'),
  'memory.gain': [1, MODEL],
  ...attentionShapes('decoder', 1),
  ...attentionShapes('cross', HEADS),
  ...switchShapes('decoderSwitch'),
  'last.gain': [1, MODEL],
  logits: [MODEL, VOCABULARY],
};

export type Tensors = Readonly<Record<string, Reals>>;

export interface TinyRun {
  readonly loss: number;
  /** Logits of both routers, whose order decides who goes where. */
  readonly routerLogits: readonly Reals[];
  /** Tokens that no expert took. */
  readonly dropped: number;
  /** Adds dLoss times every gradient; needs the weights as they were. */
  readonly backward: (dLoss: number, gradients: Tensors) => void;
}

/** What a sub-layer gives, and how a gradient goes back through it: dy to dx, and into the gradients of the weights. */
interface SubLayer {
  readonly y: Reals;
  readonly backward: (dy: Reals, gradients: Tensors) => Reals;
}

interface SwitchSubLayer {
  readonly y: Reals;
  readonly losses: number;
  readonly logits: Reals;
  readonly dropped: number;
  readonly backward: (dy: Reals, dLoss: number, gradients: Tensors) => Reals;
}

export function runTinyModel(numerics: Numerics, weights: Tensors): TinyRun {
  const { zeros } = numerics;
  const bias = zeros(HEADS * LENGTH * LENGTH);
  relativeBias(numerics, BUCKETS, weights.bias, bias);
  const source = embedded(numerics, weights, IDS.encoder);
  const encoder = attended(numerics, ENCODER, weights, 'encoder', source.y, { memory: null, bias, keyMask: PADDING });
  const encoderSwitch = switched(numerics, weights, 'encoderSwitch', encoder.y, 1);
  const memory = normed(numerics, weights, 'memory', encoderSwitch.y);

  const start = embedded(numerics, weights, IDS.decoder);
  const kept = zeros(start.y.length);
  dropout(numerics, { rows: TOKENS, columns: MODEL }, DROPOUT, GLOBAL_TOKENS, start.y, kept);
  const decoder = attended(numerics, DECODER, weights, 'decoder', kept, { memory: null, bias: null, keyMask: null });
  const cross = attended(numerics, ENCODER, weights, 'cross', decoder.y, { memory: memory.y, bias: null, keyMask: PADDING });
  const decoderSwitch = switched(numerics, weights, 'decoderSwitch', cross.y, 2);
  const last = normed(numerics, weights, 'last', decoderSwitch.y);

  const wide = selectivePrecision(numerics);
  const logits = wide.zeros(TOKENS * VOCABULARY);
  linear(wide, LOGITS, { x: last.y, weight: weights.logits, bias: null }, logits);
  const statistics = wide.zeros(2 * TOKENS);
  const shape = { tokens: TOKENS, vocabulary: VOCABULARY };
  const sums = crossEntropy(wide, shape, logits, WANTED, statistics);

  return {
    loss: meanLoss(wide, sums) + encoderSwitch.losses + decoderSwitch.losses,
    routerLogits: [encoderSwitch.logits, decoderSwitch.logits],
    dropped: encoderSwitch.dropped + decoderSwitch.dropped,
    backward(dLoss, gradients) {
      const dLogits = wide.zeros(logits.length);
      crossEntropyBackward(wide, shape, { logits, statistics, counted: sums.counted, dLoss }, WANTED, dLogits);
      const dLast = zeros(last.y.length);
      const product = { x: last.y, weight: weights.logits };
      linearBackward(numerics, LOGITS, product, dLogits.map(numerics.store), { dx: dLast, dWeight: gradients.logits, dBias: null });
      const dMemory = zeros(memory.y.length);
      const dCross = decoderSwitch.backward(last.backward(dLast, gradients), dLoss, gradients);
      const dKept = decoder.backward(cross.backward(dCross, gradients, dMemory), gradients);
      const dStart = zeros(dKept.length);
      dropoutBackward(numerics, { rows: TOKENS, columns: MODEL }, DROPOUT, GLOBAL_TOKENS, dKept, dStart);
      start.backward(dStart, gradients);

      const dBias = wide.zeros(bias.length);
      const dEncoder = encoderSwitch.backward(memory.backward(dMemory, gradients), dLoss, gradients);
      source.backward(encoder.backward(dEncoder, gradients, null, dBias), gradients);
      relativeBiasBackward(wide, BUCKETS, dBias, gradients.bias);
    },
  };
}

function embedded(numerics: Numerics, { embedding: table }: Tensors, ids: Int32Array): SubLayer {
  const y = numerics.zeros(TOKENS * MODEL);
  embedding(numerics, EMBEDDING, ids, table, y);
  return {
    y,
    backward(dy, gradients) {
      embeddingBackward(numerics, EMBEDDING, ids, dy, gradients.embedding);
      return dy;
    },
  };
}

function normed(numerics: Numerics, weights: Tensors, name: string, x: Reals): SubLayer {
  const outputs = { y: numerics.zeros(x.length), inverseRms: numerics.zeros(TOKENS) };
  const inputs = { x, gain: weights[`${name}.gain`] };
  rmsNorm(numerics, ROWS, inputs, outputs);
  return {
    y: outputs.y,
    backward(dy, gradients) {
      const dx = numerics.zeros(x.length);
      rmsNormBackward(numerics, ROWS, inputs, outputs.inverseRms, dy, { dx, dGain: gradients[`${name}.gain`] });
      return dx;
    },
  };
}

function attentionWeights(tensors: Tensors, name: string): AttentionLayerWeights {
  const of = (part: string): Reals => tensors[`${name}.${part}`];
  return { gain: of('gain'), query: of('query'), key: of('key'), value: of('value'), output: of('output') };
}

interface Surroundings {
  readonly memory: Reals | null;
  readonly bias: Reals | null;
  readonly keyMask: Uint8Array | null;
}

function attended(numerics: Numerics, shape: AttentionLayerShape, weights: Tensors, name: string, x: Reals, around: Surroundings) {
  const saved = attentionLayerSaved(numerics, shape);
  const own = attentionWeights(weights, name);
  const inputs = { x, ...around };
  const y = numerics.zeros(x.length);
  attentionLayer(numerics, shape, own, inputs, saved, y);
  return {
    y,
    backward(dy: Reals, gradients: Tensors, dMemory: Reals | null = null, dBias: Reals | null = null): Reals {
      const dx = numerics.zeros(x.length);
      const dWeights = attentionWeights(gradients, name);
      attentionLayerBackward(numerics, shape, own, inputs, saved, dy, { dx, dMemory, dBias, dWeights });
      return dx;
    },
  };
}

/** x + Switch layer of the normed x. */
function switched(numerics: Numerics, weights: Tensors, name: string, x: Reals, layer: number): SwitchSubLayer {
  const norm = normed(numerics, weights, name, x);
  const experts = { gate: weights[`${name}.gate`], in: weights[`${name}.in`], out: weights[`${name}.out`] };
  const inputs = { x: norm.y, router: weights[`${name}.router`], experts };
  const optionsAt = (dLoss: number): SwitchLayerOptions => ({
    router: { precision: 'f32', layer, tokens: GLOBAL_TOKENS, jitter: { epsilon: 0.1, seed: 3, step: 1 } },
    dispatch: DISPATCH_FORMS.einsum,
    assignment: null,
    auxiliaryCoefficient: 0.3 * dLoss,
    zCoefficient: 0.1 * dLoss,
    expertDropout: { rate: 0.2, seed: 3, step: 1, layer },
  });
  const y = numerics.zeros(x.length);
  const run = switchLayer(numerics, SWITCH, optionsAt(1), inputs, y);
  for (let i = 0; i < y.length; i++) y[i] = numerics.store(x[i] + y[i]);
  return {
    y,
    losses: run.auxiliaryLoss + run.zLoss,
    logits: run.scores.logits,
    dropped: run.rows.slot.filter((slot) => slot < 0).length,
    backward(dy, dLoss, gradients) {
      const dNormed = numerics.zeros(x.length);
      const of = (part: string): Reals => gradients[`${name}.${part}`];
      const own = { dx: dNormed, dRouter: of('router'), dGate: of('gate'), dIn: of('in'), dOut: of('out') };
      switchLayerBackward(numerics, SWITCH, optionsAt(dLoss), inputs, run, dy, own);
      const dx = norm.backward(dNormed, gradients);
      return dx.map((value, i) => numerics.store(value + dy[i]));
    },
  };
}
