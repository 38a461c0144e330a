import type { TopologySpec } from '../hardware/index.ts';
import type { LayoutSpec, OptimizerName, RematSpec } from '../layout/index.ts';
import type { Dtype, ModelSpec } from '../model/index.ts';
import type { DispatchName, NamedLoadKind, OptionValue, OptionValues } from '../routing/index.ts';

export { type LayoutSpec, MESH_AXES, type MeshAxis } from '../layout/index.ts';

/** One experiment with every default filled in: plain data, the only input of everything below `intake/`. */
export interface Scenario {
  readonly name: string;
  readonly question: string;
  readonly topology: TopologySpec;
  readonly model: ModelSpec;
  readonly layout: LayoutSpec;
  readonly routing: RoutingSpec;
  readonly workload: WorkloadSpec;
  readonly precision: PrecisionSpec;
  readonly load: LoadSpec;
  readonly emulate: EmulateSpec;
  readonly seed: number;
  /** What `train` reads beside the step that is priced; absent where nothing is to be learned. */
  readonly learning?: LearningSpec;
  /** Dotted path -> values; only `compare` reads it. */
  readonly vary: Readonly<Record<string, readonly unknown[]>>;
  readonly assert: Readonly<Record<string, { readonly min?: number; readonly max?: number }>>;
  /** A step that needs more memory than a device has is run all the same, and says so everywhere. */
  readonly ignoreMemory: boolean;
}

export interface RoutingSpec {
  /** Registry key of `routing/routers`, and that router's options, defaults filled in. */
  readonly router: string;
  readonly options: OptionValues;
  readonly capacityFactor: number;
  /** Registry key of `routing/capacity-rules`. */
  readonly capacityRule: string;
  /** Registry key of `routing/group-rules`. */
  readonly groupRule: string;
  /** Largest group; see `routing/groups.ts`. */
  readonly groupTokens: number;
  /** Number of groups is a multiple of this (Mesh-TensorFlow's mesh dimension); resolved to the token-holding axes when `auto`. */
  readonly groupsMultipleOf: number;
  /** How tokens come to their experts; `dropless` has no slots, so that capacity factor and rule do nothing. */
  readonly dispatch: DispatchName;
}

/** `fine-tune`: a training step without auxiliary loss, with expert dropout; `distil`: forward of a teacher, then a training step; `evaluate`: forward and loss; `prefill`: forward that fills the caches; `decode`: one token of every sequence. */
export const WORKLOAD_KINDS = ['train', 'fine-tune', 'distil', 'evaluate', 'prefill', 'decode'] as const;
export type WorkloadKind = (typeof WORKLOAD_KINDS)[number];

/** There is a backward pass, and an update. */
export function learns({ kind }: Pick<WorkloadSpec, 'kind'>): boolean {
  return kind === 'train' || kind === 'fine-tune' || kind === 'distil';
}

export interface WorkloadSpec {
  readonly kind: WorkloadKind;
  /** Of a step, over all devices and microbatches. */
  readonly sequences: number;
  /** Decode: tokens that the caches hold when the step begins. */
  readonly sequenceLength: number;
  /** Decoder side of an encoder-decoder model. */
  readonly targetLength: number;
  /** Registry key of `layout/optimizers`. */
  readonly optimizer: OptimizerName;
  /** Type of the optimizer's first moment, where it keeps one. */
  readonly firstMoment: Dtype;
  readonly remat: RematSpec;
  /** How tokens find their embedding rows: a one-hot matrix product (Mesh-TensorFlow's `gather`) or a real gather. */
  readonly embedding: 'one-hot' | 'gather';
  /** A loop over the layers of a stack, whose turns write to stacked arrays (jax.lax.scan), or one layer written down after the other. */
  readonly layers: 'loop' | 'unrolled';
  /** `dot`: scores and probabilities go through HBM; `flash`: they stay on the chip, block by block (arXiv 2205.14135), masked blocks are skipped. */
  readonly attentionKernel: 'dot' | 'flash';
  /** Share of expert hidden units that fine-tuning drops. */
  readonly expertDropout: number;
  /** Distil: the model whose outputs are learned; null otherwise. */
  readonly teacher: ModelSpec | null;
}

export interface PrecisionSpec {
  /** Activations, and what is sent. f32 products run in one bf16 pass. */
  readonly matmul: Dtype;
  readonly weights: Dtype;
  readonly router: Dtype;
  readonly gradients: Dtype;
  /** What the product with the output matrix makes; the loss is computed in f32 whatever it is. Absent: f32. */
  readonly logits?: Dtype;
  /** Type of the operands of products in `quantizedPasses`; their result and everything else are of `matmul`'s type. */
  readonly quantized: 'none' | 'int8' | 'fp8';
  readonly quantizedPasses: readonly QuantizedPass[];
}

/** Forward (and its repetition), gradients of activations, gradients of weights. */
export const QUANTIZED_PASSES = ['fw', 'agrad', 'wgrad'] as const;
export type QuantizedPass = (typeof QUANTIZED_PASSES)[number];

export type LoadSpec =
  /** Real router on synthetic, clustered token embeddings; `clustering` is the share of variance that a token shares with its cluster, 0..1. */
  | { readonly kind: 'measured'; readonly clustering: number }
  /** Expert ids drawn uniformly. */
  | { readonly kind: 'uniform' }
  /** Expert ids drawn with probability proportional to 1 / rank^exponent. */
  | { readonly kind: 'zipf'; readonly exponent: number }
  /** A law of imbalance by name. */
  | NamedLoadSpec
  /** Recorded expert ids from a file; `records` is filled in by `intake/`. */
  | { readonly kind: 'trace'; readonly file: string; readonly records: TraceRecords };

/** Registry key of `routing/named-loads`, and that load's options, defaults filled in. */
export interface NamedLoadSpec {
  readonly kind: NamedLoadKind;
  readonly [option: string]: OptionValue;
}

/** Recorded choices, structure of arrays: row i says that token `token[i]` of Switch layer `layer[i]` chose `expert[i]` (first choices first). */
export interface TraceRecords {
  readonly layer: readonly number[];
  readonly token: readonly number[];
  readonly expert: readonly number[];
}

/** How much of the routing is executed. A number samples whole groups (tokens) or whole Switch layers, spread evenly; the sampling error is stated. */
export interface EmulateSpec {
  readonly tokens: 'all' | number;
  readonly layers: 'all' | number;
  /** Share of the tokens that run the whole expert feed-forward and are compared with the oracle bit by bit. */
  readonly verifyShare: number;
}

/** How the model learns from texts whose words are bytes. */
export interface LearningSpec {
  /** Names of texts that are shipped, or paths of files. Each is a domain; a sequence comes from one of them. */
  readonly texts: readonly string[];
  /** Share of every text, its end, that is never learned from: the loss on it says what was learned. */
  readonly heldOutShare: number;
  readonly steps: number;
  /** Highest rate; it rises to that over `warmupSteps`, and then falls as `decay` says. */
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly decay: LearningRateDecay;
  /** Of the load-balancing loss, and of the router z-loss. */
  readonly auxiliaryCoefficient: number;
  readonly zCoefficient: number;
  /** Scale s of the first weights, whose deviation is sqrt(s / n) (Switch Transformers, arXiv 2101.03961, section 2.4). */
  readonly initialisationScale: number;
  /** Share of the outputs of sub-layers, and of the hidden units of experts, that a step drops. */
  readonly dropout: number;
  readonly expertDropout: number;
  /** Routers read tokens times a random number from 1 - jitter to 1 + jitter. */
  readonly jitter: number;
  /** Share of the loss that is against the probabilities of a teacher, where there is one. */
  readonly softShare: number;
  /** Steps from one evaluation on the held-out text to the next, and from one checkpoint to the next. */
  readonly evaluateEvery: number;
  /** Batches of held-out text that an evaluation reads. */
  readonly evaluateBatches: number;
  readonly checkpointEvery: number;
  /** What a loss that is no number does: end the run, leave the batch out, or go back to the last checkpoint and leave the batches since out. */
  readonly onNaN: OnNaN;
}

export const LEARNING_RATE_DECAYS = ['none', 'inverse-sqrt', 'linear'] as const;
export type LearningRateDecay = (typeof LEARNING_RATE_DECAYS)[number];

export const ON_NAN = ['stop', 'skip', 'rewind'] as const;
export type OnNaN = (typeof ON_NAN)[number];
