import type { Dtype } from '../model/index.ts';

/**
 * Named strengths of `load.clustering`: the share of a synthetic token's variance that it has in common with its cluster. They are assumptions,
 * not measurements; the page shows all of them side by side.
 */
export const CLUSTERING_STRENGTHS: Readonly<Record<string, number>> = { uniform: 0, default: 0.1, strong: 0.5 };

/** Clusters of synthetic tokens; the number of its cluster is also a token's vocabulary id, so `load: {kind: measured}` has ids below this. */
export const CLUSTERS = 1024;

/**
 * Every default of a scenario file but those that depend on other keys (`layout.expertsOver`, `routing.groupsMultipleOf`, `question`, `name`,
 * and what `softwareDefaults` gives).
 * Batch, lengths, optimizer, precisions and routing are those of Switch Transformers (Fedus et al. 2021, arXiv 2101.03961v3, Tables 1 and 9):
 * 2^19 tokens in sequences of 512, targets of 114 tokens by T5's span corruption, selective precision, capacity factor 1.25.
 */
export const SCENARIO_DEFAULTS = {
  topology: { wrap: 'auto', slices: 1 },
  layout: { data: -1 },
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
    remat: 'none',
  },
  precision: { matmul: 'bf16' as Dtype, weights: 'f32' as Dtype, router: 'f32' as Dtype },
  load: { kind: 'measured', clustering: 'default' },
  emulate: { tokens: 'all', layers: 'all', verifyShare: 0.01 },
  seed: 7,
} as const;

/** What the programs of a chip's time did unless a scenario says otherwise. */
export interface SoftwareDefaults {
  readonly overlapGradients: boolean;
  readonly embedding: 'one-hot' | 'gather';
}

/** Chips whose published runs are Mesh-TensorFlow programs. */
const MESH_TENSORFLOW_CHIPS: readonly string[] = ['tpu-v2', 'tpu-v3'];

/**
 * Programs for TPU v2 and v3 had synchronous collectives, and looked embeddings up by a one-hot product (Mesh-TensorFlow's `gather`,
 * tensorflow/mesh mesh_tensorflow/ops.py); later ones reduce gradients behind the backward pass and gather rows.
 */
export function softwareDefaults(chipName: string): SoftwareDefaults {
  const meshTensorFlow = MESH_TENSORFLOW_CHIPS.includes(chipName);
  return { overlapGradients: !meshTensorFlow, embedding: meshTensorFlow ? 'one-hot' : 'gather' };
}
