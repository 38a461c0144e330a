import type { Bytes } from '../../base/index.ts';
import type { AttentionPlan, StepControlView } from '../../kernels/index.ts';
import type { TensorView } from '../../model/index.ts';
import type { LayerKind, Parameter } from './parameters.ts';
import type { PodRequest } from './request.ts';

/**
 * The memory of a pod that learns: one buffer that has the shards of all cores. Plain data, so that every thread can open it for itself.
 *
 * T tokens of a core, P of them in its part of the stream, D = dModel, H its heads, F its part of a feed-forward layer, V its words, E experts of which it holds E', G its routing groups, C slots.
 */
export interface PodPlan {
  readonly request: PodRequest;
  readonly parameters: readonly Parameter[];
  readonly layers: readonly LayerKind[];
  readonly bytes: Bytes;
  readonly control: StepControlView;
  /** Scratch of matrix products, one for each lane. */
  readonly lanes: readonly TensorView[];
  /** f32 [2, 256] for each lane. */
  readonly laneStatistics: readonly TensorView[];
  /** int32 0, 1, ...: as many as a core has rows anywhere, and one more. */
  readonly identity: Bytes;
  readonly identityCount: number;
  /** The text: one byte for each word. */
  readonly corpus: { readonly offset: Bytes; readonly bytes: Bytes };
  /** [microbatches, cores]: what a core has of each. */
  readonly microbatches: readonly (readonly CorePlan[])[];
  readonly traffic: readonly TrafficPlan[];
}

/** Bytes that one kind of collective moved along one group of axes, f64 [cores, cores]: row `to`, column `from`. */
export interface TrafficPlan {
  readonly kind: ExchangeKind;
  readonly axis: string;
  readonly offset: Bytes;
}

export type ExchangeKind = 'all-gather' | 'reduce-scatter' | 'all-reduce' | 'all-to-all' | 'permute';

/** A core while it works at one microbatch: weights, gradients, state and scratch are the same ones in all. */
export interface CorePlan {
  readonly core: number;
  /** The stage of a pipeline that it is of; 0 where there is none. */
  readonly stage: number;
  /** T */
  readonly tokens: number;
  /** P of them, from this one on, are its part of the stream: all where the tensor axis does not cut that. */
  readonly tokensOfPart: number;
  readonly firstOfPart: number;
  /** Global number of its first sequence, and of its first token. */
  readonly firstSequence: number;
  readonly firstToken: number;
  /** First word of its part of the vocabulary. */
  readonly firstWord: number;
  /** By number of the parameter; null for those of other stages. */
  readonly held: readonly (HeldParameter | null)[];
  /** int32 [T]: words of its tokens in its part of the vocabulary, -1 where they are another's; and of the tokens behind them. */
  readonly ids: Bytes;
  readonly targets: Bytes;
  /** int32 [T]: places of its tokens in their sequences. */
  readonly places: Bytes;
  /** Activations [P, D] before every sub-layer, and behind the last one; no rows where its stage has neither. */
  readonly stream: readonly TensorView[];
  /** Null for those of other stages. */
  readonly sublayers: readonly (SubLayerPlan | null)[];
  /** Of the last stage. */
  readonly output: OutputPlan | null;
  readonly scratch: ScratchPlan;
}

/** What a core has of a parameter. */
export interface HeldParameter {
  /** What it multiplies with, and its gradient (f32): whole along the axes that shard weights. */
  readonly working: TensorView;
  readonly gradient: TensorView;
  /** [elements / shards], flat: what it stores between uses and updates, all f32. Where nothing is sharded, `stored` is of `working`'s elements, and `gradientShard` is the gradient. */
  readonly stored: TensorView;
  readonly gradientShard: TensorView;
  readonly firstMoment: TensorView;
  readonly secondMoment: TensorView;
  /** What is gathered where the weights are sharded: the shard in the type of `working`. */
  readonly sent: TensorView;
  readonly shards: number;
  readonly shardIndex: number;
  /** Where its part of the whole parameter begins: matrix, row and column. */
  readonly first: { readonly copy: number; readonly row: number; readonly column: number };
}

export type SubLayerPlan = AttentionSubLayer | DenseSubLayer | SwitchSubLayer;

interface NormedSubLayer {
  /** Activations [P, D] and f32 [P]. */
  readonly normed: TensorView;
  readonly inverseRms: TensorView;
}

export interface AttentionSubLayer extends NormedSubLayer {
  readonly kind: 'attention';
  readonly attention: AttentionPlan;
}

export interface DenseSubLayer extends NormedSubLayer, HiddenPlan {
  readonly kind: 'dense';
}

/** Of a feed-forward network: activations [.., F], and f32 sums of gate and `in` of gated ones. */
interface HiddenPlan {
  readonly hidden: TensorView;
  readonly gateSums: TensorView | null;
  readonly inSums: TensorView | null;
}

export interface SwitchSubLayer extends NormedSubLayer, HiddenPlan {
  readonly kind: 'switch';
  /** f32: logits and probabilities [T, E], statistics [G, 2, S] of the softmax. */
  readonly logits: TensorView;
  readonly probabilities: TensorView;
  readonly statistics: TensorView;
  /** [G] each, one routing group after the other. */
  readonly groups: readonly GroupLists[];
  /** int32 and f32 [E, G, C]: token of each slot, -1 where it is empty, and its weight. */
  readonly slotToken: Bytes;
  readonly slotWeight: Bytes;
  /** Activations [E', n, G, C, D] of n members of the experts' group: what its experts get. */
  readonly batch: TensorView;
  /** Activations [E, G, C, D]: what comes back. */
  readonly returned: TensorView;
}

/** Lists of one routing group. */
export interface GroupLists {
  /** [A] each: rows of the assignment; int32, but for weights (f32) and requested (bytes). */
  readonly token: Bytes;
  readonly expert: Bytes;
  readonly slot: Bytes;
  readonly requested: Bytes;
  readonly weight: Bytes;
  /** int32 [S + 1], int32 [A], f32 [A]: entries of each token, their rows in [E, G, C] and weights. */
  readonly starts: Bytes;
  readonly entryRow: Bytes;
  readonly entryWeight: Bytes;
  /** f32 [2]: auxiliary loss and z-loss, both scaled; int32 [2]: choices without a slot, and choices. */
  readonly losses: TensorView;
  readonly counts: Bytes;
}

export interface OutputPlan extends NormedSubLayer {
  /** f32 [T, V]; their softmax over the core's words; then gradients. */
  readonly logits: TensorView;
  readonly probabilities: TensorView;
  /** f32 [2, T]: maximum and sum of e^(logit - maximum) over its words, and over all. */
  readonly statistics: TensorView;
  readonly wholeStatistics: TensorView;
  /** Of the gradient in the type of activations; the f32 one where that is f32. */
  readonly dLogits: TensorView;
  /** f32 [T]: loss of tokens whose target is of its words, else 0. */
  readonly losses: TensorView;
}

/** What sub-layers use one after the other; activations. */
export interface ScratchPlan {
  /** [T, D]: what products make before it is summed, and gradients of what they read. */
  readonly partial: TensorView;
  readonly dNormed: TensorView;
  /** [P, D] twice: gradients of the stream behind a sub-layer and before it, in turns. */
  readonly dStream: readonly [TensorView, TensorView];
  /** [T, D]: the copy of a part of the stream that was gathered last; null where the tensor axis does not cut that. */
  readonly gathered: TensorView | null;
  /** Null without dense layers. */
  readonly ofDense: HiddenGradients | null;
  /** Null without Switch layers. */
  readonly ofSwitch: SwitchScratch | null;
}

/** Activations: gradients of the sums of `in`, and of the gate of gated ones. */
export interface HiddenGradients {
  readonly dSums: TensorView;
  readonly dGateSums: TensorView | null;
}

export interface SwitchScratch extends HiddenGradients {
  /** Activations [E, G, C, D]: what goes to the experts or comes back from them; null where they are all here. */
  readonly slots: TensorView | null;
  /** Activations [E', n, G, C, D]: what experts make, and gradients of that and of what they got. */
  readonly atExperts: TensorView;
  /** f32 [E, G, C] and [T, E]. */
  readonly dWeights: Bytes;
  readonly dLogits: TensorView;
}
