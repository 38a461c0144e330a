import type { StepControlView } from '../kernels/index.ts';
import type { TensorView } from '../model/index.ts';
import type { CountView, SumView } from './memory-views.ts';
import type { EmulationRequest, StackTokens } from './types.ts';
import type { VerificationPlan } from './verification-plan.ts';
import type { VerificationScratch } from './verification-scratch.ts';

/**
 * An emulation laid out: where every tensor and counter lies in one shared buffer, and the list of items to run. Plain data, so it is sent to
 * threads once.
 * Letters: S tokens of a group, G routed groups, L routed layers of a stack, E experts, V variants, d = dModel, D devices.
 */
export interface EmulationJob {
  readonly request: EmulationRequest;
  readonly threads: number;
  /** Bytes of the buffer; it must start as zeros. */
  readonly bytes: number;
  /** The words by which the lanes of the step agree. */
  readonly control: StepControlView;
  readonly stacks: readonly StackPlan[];
  readonly verification: VerificationPlan | null;
  /** One per thread. */
  readonly scratch: readonly ThreadScratch[];
  /** In the order in which they are taken, phase after phase. */
  readonly items: readonly Item[];
  /** Items of each phase. */
  readonly phaseItems: readonly number[];
}

export interface StackPlan {
  readonly tokens: StackTokens;
  /** Groups of the whole stack, routed or not. */
  readonly totalGroups: number;
  /** [CLUSTERS, d] f32; empty when the clustering is 0. */
  readonly centres: TensorView;
  /** Layers whose router weights stand side by side, so that one product gives the logits of all of them. */
  readonly chunks: readonly LayerChunk[];
  readonly variants: readonly VariantPlan[];
  /** [L, G, receiving devices]: bytes that the first variant's dispatch handed to every device that holds experts; empty where no token travels. */
  readonly handedOver: SumView;
}

export interface LayerChunk {
  /** Row of the first layer in `StackTokens.layers`, and how many follow. */
  readonly firstRow: number;
  readonly layers: number;
  /** [d, layers * E] f32 and the same repacked for the kernel. */
  readonly weights: TensorView;
  readonly packed: TensorView;
}

/** What one router with one capacity does to one stack. */
export interface VariantPlan {
  readonly topK: number;
  readonly expertCapacity: number;
  /** Under dropless dispatch buffers have no empty slots: a row for every kept choice. */
  readonly hasSlots: boolean;
  /** [L, E] f32: what the router adds to scores, balanced before; empty where it adds nothing. */
  readonly bias: TensorView;
  /** [L, G, E]: choices that asked for the expert, and those that found a slot. */
  readonly requested: CountView;
  readonly kept: CountView;
  /** [L, G]: tokens none of whose choices found a slot. */
  readonly dropped: CountView;
  /** [L, G, 3]: auxiliary loss of the group, sum of squared logsumexp, sum of the combine weights of kept choices. */
  readonly losses: SumView;
}

export const LOSSES_PER_GROUP = 3;

/** Working space of one thread, large enough for any of its items. */
export interface ThreadScratch {
  /** [S, d] bf16. */
  readonly tokens: TensorView;
  /** [S, columns of the widest chunk] f32. */
  readonly logits: TensorView;
  /** [S, E] f32. */
  readonly probabilities: TensorView;
  /** [2, S] f32: row maxima, row sums. */
  readonly statistics: TensorView;
  /** [rows that one device can get, d] in the precision in which tokens travel: the send buffer of one device after the other. */
  readonly slots: TensorView;
  readonly matmul: TensorView;
  readonly verification: VerificationScratch | null;
}

/** Phases by number: weights and centres; packing; balancing of biases; routing; verification. */
export const Phase = { prepare: 0, pack: 1, balance: 2, route: 3, verify: 4 } as const;

export type Item =
  /** Centres of the clusters of a stack. */
  | { readonly kind: 'centres'; readonly stack: number }
  /** Router weights of one layer, by its row in `StackTokens.layers`. */
  | { readonly kind: 'weights'; readonly stack: number; readonly row: number }
  | { readonly kind: 'pack'; readonly stack: number; readonly chunk: number }
  /** Biases of all layers of a chunk, for the variants that have any. */
  | { readonly kind: 'balance'; readonly stack: number; readonly chunk: number }
  /** All layers and variants of one group, by its row in `StackTokens.groups`. */
  | { readonly kind: 'route'; readonly stack: number; readonly row: number }
  /** One lane of the verification. */
  | { readonly kind: 'verify'; readonly lane: number };

export const PHASE_OF: Readonly<Record<Item['kind'], number>> = {
  centres: Phase.prepare,
  weights: Phase.prepare,
  pack: Phase.pack,
  balance: Phase.balance,
  route: Phase.route,
  verify: Phase.verify,
};
