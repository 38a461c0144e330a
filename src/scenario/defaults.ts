import type { OptimizerName, OverlapSpec, TensorActivations } from '../layout/index.ts';
import type { Dtype } from '../model/index.ts';
import { QUANTIZED_PASSES, type QuantizedPass, type WorkloadKind } from './scenario.ts';

/**
 * Named strengths of `load.clustering`: the share of a synthetic token's variance that it has in common with its cluster. They are assumptions,
 * not measurements; the page shows all of them side by side.
 */
export const CLUSTERING_STRENGTHS: Readonly<Record<string, number>> = { uniform: 0, default: 0.1, strong: 0.5 };

/** Clusters of synthetic tokens; the number of its cluster is also a token's vocabulary id, so `load: {kind: measured}` has ids below this. */
export const CLUSTERS = 1024;

/**
 * Every default of a scenario file but those that depend on other keys (`layout.expertsOver`, `routing.groupsMultipleOf`, `precision.gradients`,
 * `question`, `name`, what `softwareDefaults` gives, and routing that is part of a model).
 * Batch, lengths, optimizer, precisions and routing are those of Switch Transformers (Fedus et al. 2021, arXiv 2101.03961v3, Tables 1 and 9):
 * 2^19 tokens in sequences of 512, targets of 114 tokens by T5's span corruption, selective precision, capacity factor 1.25.
 */
export const SCENARIO_DEFAULTS = {
  topology: { wrap: 'auto', slices: 1 },
  layout: {
    ici: { data: -1 },
    dcn: { data: -1 },
    zero: 0,
    offload: { optimizer: false, weights: false },
    pipeline: { schedule: '1f1b', repeats: 1 },
    microbatches: 1,
  },
  routing: {
    router: 'switch-top1',
    options: {},
    capacityFactor: 1.25,
    capacityRule: 'mesh-tf',
    groupRule: 'mesh-tf',
    groupTokens: 1024,
    dispatch: 'einsum',
  },
  workload: {
    kind: 'train',
    sequences: 1024,
    sequenceLength: 512,
    targetLength: 114,
    optimizer: 'adafactor',
    firstMoment: 'f32' as Dtype,
    remat: { policy: 'none', tensors: {} },
  },
  precision: {
    matmul: 'bf16' as Dtype,
    weights: 'f32' as Dtype,
    router: 'f32' as Dtype,
    quantized: 'none',
    quantizedPasses: QUANTIZED_PASSES as readonly QuantizedPass[],
  },
  load: { kind: 'measured', clustering: 'default' },
  /** Everything, unless that takes longer than the budget; see `chooseSample`. */
  emulate: { tokens: 'all', layers: 'all', verifyShare: 0.01 },
  emulateWish: { tokens: 'auto', layers: 'auto', verifyShare: 'auto', budgetSeconds: 30 },
  /**
   * Small enough to watch. Share of a teacher: Switch Transformers, section 4.2. Coefficients: Switch Transformers, section 2.2, and ST-MoE (arXiv 2202.08906), section 3.2; scale of first weights: Switch Transformers, section 2.4;
   * rate that falls with the root of the step: Shazeer and Stern 2018 (arXiv 1804.04235), section 8.
   */
  learning: {
    texts: ['kjv', 'jargon', 'sqlite'] as readonly string[],
    heldOutShare: 0.05,
    steps: 200,
    warmupSteps: 20,
    decay: 'inverse-sqrt',
    auxiliaryCoefficient: 0.01,
    zCoefficient: 0.001,
    initialisationScale: 0.1,
    dropout: 0,
    jitter: 0,
    softShare: 0.25,
    evaluateEvery: 50,
    evaluateBatches: 4,
    checkpointEvery: 50,
    onNaN: 'stop',
  },
  seed: 7,
} as const;

/** Rates that small models learn well with in a few hundred steps; Adafactor's own default is 0.01 (arXiv 1804.04235, section 9). */
export function defaultLearningRate(optimizer: OptimizerName): number {
  return optimizer === 'adamw' ? 0.003 : optimizer === 'sgd' ? 0.1 : 0.01;
}

/** Fine-tuning drops 0.4 of the hidden units of experts (Switch Transformers, arXiv 2101.03961v3, table 4); nothing else drops any. */
export function defaultExpertDropout(kind: WorkloadKind): number {
  return kind === 'fine-tune' ? 0.4 : 0;
}

/** What the programs of a chip's time did unless a scenario says otherwise. */
export interface SoftwareDefaults {
  readonly overlap: OverlapSpec;
  readonly tensorActivations: TensorActivations;
  readonly embedding: 'one-hot' | 'gather';
  readonly layers: 'loop' | 'unrolled';
  readonly attentionKernel: 'dot' | 'flash';
}

/** Chips whose published runs are Mesh-TensorFlow programs. */
const MESH_TENSORFLOW_CHIPS: readonly string[] = ['tpu-v2', 'tpu-v3'];

/** Chips whose published runs are older than FlashAttention (arXiv 2205.14135, May 2022), or do not use it. */
const DOT_ATTENTION_CHIPS: readonly string[] = [...MESH_TENSORFLOW_CHIPS, 'tpu-v4'];

/**
 * Programs for TPU v2 and v3 had synchronous collectives, and looked embeddings up by a one-hot product (Mesh-TensorFlow's `gather`,
 * tensorflow/mesh mesh_tensorflow/ops.py); later ones gather weights ahead, reduce gradients behind the backward pass and gather rows. Products and
 * expert inputs are cut into pieces by nobody who does not ask for it. Later programs shard activations over the tensor axis too (`activation_embed` in
 * the logical_axis_rules of AI-Hypercomputer/maxtext src/maxtext/configs/base.yml@000b810b), and are a loop over their layers (`scan_layers: True` there),
 * where graphs of TensorFlow have every layer written down.
 */
export function softwareDefaults(chipName: string): SoftwareDefaults {
  const meshTensorFlow = MESH_TENSORFLOW_CHIPS.includes(chipName);
  return {
    overlap: { gradients: !meshTensorFlow, weights: !meshTensorFlow, tensor: 1, experts: 1 },
    tensorActivations: meshTensorFlow ? 'whole' : 'sharded',
    embedding: meshTensorFlow ? 'one-hot' : 'gather',
    layers: meshTensorFlow ? 'unrolled' : 'loop',
    attentionKernel: DOT_ATTENTION_CHIPS.includes(chipName) ? 'dot' : 'flash',
  };
}
