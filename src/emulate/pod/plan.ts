import type { Bytes } from '../../base/index.ts';
import type { AttentionPlan, StepControlView } from '../../kernels/index.ts';
import type { TensorView } from '../../model/index.ts';
import type { DroplessRows } from './dropless-rows.ts';
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
  /** f32, for each lane: what the passes of an update of a whole matrix hand on. */
  readonly updateScratch: readonly TensorView[];
  /** int32 0, 1, ...: as many as a core has rows anywhere, and one more. */
  readonly identity: Bytes;
  readonly identityCount: number;
  /** int32 [cores + 1]: see health.ts. */
  readonly health: Bytes;
  readonly corpus: CorpusPlan;
  /** [microbatches, cores]: what a core has of each. */
  readonly microbatches: readonly (readonly CorePlan[])[];
  readonly traffic: readonly TrafficPlan[];
}

/** Texts, one byte for each word. */
export interface CorpusPlan {
  readonly offset: Bytes;
  /** Where each begins behind the offset, and what of it is held out. */
  readonly texts: readonly { readonly learned: TextRange; readonly heldOut: TextRange }[];
}

interface TextRange {
  readonly first: Bytes;
  readonly bytes: Bytes;
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
  /** [layers] f32 [E]: what routers that balance by a bias add to scores; null for other routers and layers. Everywhere the same. */
  readonly biases: readonly (TensorView | null)[];
  /** Null but for Adafactor. */
  readonly statistics: StatisticsPlan | null;
  /** int32 [T]: words of its tokens in its part of the vocabulary, -1 where they are another's; and of the tokens behind them. */
  readonly ids: Bytes;
  readonly targets: Bytes;
  /** int32 [T]: places of its tokens in their sequences. */
  readonly places: Bytes;
  /** int32 [T] each, where routers read them: words of its tokens in the whole vocabulary, and the text that each token is of, which is its domain. */
  readonly words: Bytes | null;
  readonly domains: Bytes | null;
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
  readonly state: ParameterState;
  /** What is gathered where the weights are sharded: the shard in the type of `working`. */
  readonly sent: TensorView;
  readonly shards: number;
  readonly shardIndex: number;
  /** Where its part of the whole parameter begins: matrix, row and column. */
  readonly first: { readonly copy: number; readonly row: number; readonly column: number };
}

/**
 * What the optimizer keeps of a parameter, all f32. Moments and velocities are of the numbers that the core stores.
 *
 * Of factored second moments a core has the means [E, R] and [E, C] of all rows and columns of its local part [E, R, C], also of those that its shard has no number of. That is
 * little beside what it stores, the sums come to every core of the group with one all-reduce, and nobody needs to know where in a row the shard of another one begins. Along the
 * side that the tensor axis cuts, these are the means of the core's own rows or columns; along the other one those of the whole matrix.
 */
export type ParameterState =
  | { readonly kind: 'moments'; readonly firstMoment: TensorView; readonly secondMoment: TensorView }
  | { readonly kind: 'velocity'; readonly velocity: TensorView | null }
  | { readonly kind: 'factored'; readonly rowMeans: TensorView; readonly columnMeans: TensorView }
  | { readonly kind: 'unfactored'; readonly secondMoment: TensorView };

/** Sums of a core over its numbers of cut matrices, which become those of whole matrices. */
export interface StatisticsPlan {
  /** Of the matrices that are sharded over the same axes; equally many on every core. */
  readonly bundles: readonly { readonly squares: SummedPlan; readonly directions: SummedPlan }[];
  /** By number of the parameter; null for those that are not cut, and those of other stages. */
  readonly of: readonly (CutStatistics | null)[];
}

/** f32: numbers that are summed over the axes of the shards, and the first of them then over the tensor axis. */
export interface SummedPlan {
  readonly all: TensorView;
  readonly overTensor: TensorView;
}

/** f32, within a bundle. */
export interface CutStatistics {
  /** [E, R] and [E, C]: sums of squared gradients, and then the factors 1 / sqrt of their means; null where second moments are not factored. */
  readonly rows: TensorView | null;
  readonly columns: TensorView | null;
  /** [E] each: sums of squared weights, and of squared directions. */
  readonly weightSquares: TensorView;
  readonly directionSquares: TensorView;
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
  /** f32 [T, E], where the router reads it. */
  readonly noiseLogits: TensorView | null;
  /** [G] each, one routing group after the other. */
  readonly groups: readonly GroupLists[];
  /** int32 and f32 [E, G, C]: token of each slot, -1 where it is empty, and its weight. */
  readonly slotToken: Bytes;
  readonly slotWeight: Bytes;
  /** Null where slots are sent; else activations have R rows at home in place of [E, G, C], and n R at the experts in place of [E', n, G, C]. */
  readonly rows: DroplessRows | null;
  /** Activations [E', n, G, C, D] of n members of the experts' group: what its experts get. */
  readonly batch: TensorView;
  /** Activations [E, G, C, D]: what comes back. */
  readonly returned: TensorView;
}

/** Lists of one routing group. */
export interface GroupLists {
  /** A */
  readonly rows: number;
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
  /** f32 [T, V]; their softmax over the core's words. Gradients take the place of the logits, or of the softmax where activations are bf16. */
  readonly logits: TensorView;
  readonly probabilities: TensorView;
  /** f32 [2, T]: maximum and sum of e^(logit - maximum) over its words, and over all. */
  readonly statistics: TensorView;
  readonly wholeStatistics: TensorView;
  /** Of the gradient in the type of activations; the f32 one where that is f32. */
  readonly dLogits: TensorView;
  /** f32 [T]: loss of tokens whose target is of its words, else 0. */
  readonly losses: TensorView;
  /** f32 [T, V]: a teacher's probabilities of the core's words; null without one. */
  readonly softTargets: TensorView | null;
}

/** What sub-layers use one after the other; activations. */
export interface ScratchPlan {
  /** [T, D]: what products make before it is summed, and gradients of what they read. */
  readonly partial: TensorView;
  readonly dNormed: TensorView;
  /** [P, D] twice: gradients of the stream behind a sub-layer and before it, in turns. */
  readonly dStream: readonly [TensorView, TensorView];
  /** [P, D]: the gradient of what a sub-layer made; null where nothing is dropped, so that it is that of the stream. */
  readonly dropped: TensorView | null;
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
  /** f32 [R]: the same by rows; null where slots are sent. */
  readonly dRowWeights: Bytes | null;
  readonly dLogits: TensorView;
  /** f32 [T, E], where the router reads noise logits; f32 [E], where it has a bias. */
  readonly dNoiseLogits: TensorView | null;
  readonly choices: TensorView | null;
  /** f32 [T, D]: what the router reads, then its gradient; null where that is the normed stream: without jitter, in f32. */
  readonly routed: TensorView | null;
}
