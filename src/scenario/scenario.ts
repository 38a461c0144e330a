import type { TopologySpec } from '../hardware/index.ts';
import type { LayoutSpec, OptimizerName } from '../layout/index.ts';
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
  /** Dotted path -> values; only `compare` reads it. */
  readonly vary: Readonly<Record<string, readonly unknown[]>>;
  readonly assert: Readonly<Record<string, { readonly min?: number; readonly max?: number }>>;
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

export interface WorkloadSpec {
  readonly kind: 'train';
  readonly sequences: number;
  readonly sequenceLength: number;
  /** Decoder side of an encoder-decoder model. */
  readonly targetLength: number;
  /** Registry key of `layout/optimizers`. */
  readonly optimizer: OptimizerName;
  /** `full` keeps only the input of each sub-layer and recomputes the rest in the backward pass. */
  readonly remat: 'none' | 'full';
  /** How tokens find their embedding rows: a one-hot matrix product (Mesh-TensorFlow's `gather`) or a real gather. */
  readonly embedding: 'one-hot' | 'gather';
}

export interface PrecisionSpec {
  readonly matmul: Dtype;
  readonly weights: Dtype;
  readonly router: Dtype;
}

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
