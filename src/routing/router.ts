import type { Assignment } from './assignment.ts';
import type { OptionMisfit, OptionSpecs, OptionValues } from './options.ts';

/**
 * What a router is asked: one group of tokens, and of the rest what the router `reads`.
 * Letters in this room: S tokens of the group, E experts, k choices per token, C slots per expert.
 */
export interface RouterInput extends RouterSizes {
  /** Uniform number `index` in [0, 1) for token `token` of the group, the same on every call. */
  readonly draw: (token: number, index: number) => number;
  /** Evaluation has no noise, and some routers choose otherwise. */
  readonly training: boolean;
  /** [S, E] row-major: softmax of the router logits in f32. */
  readonly probabilities?: Float32Array;
  /** [S, E] row-major: x W_router. */
  readonly logits?: Float32Array;
  /** [S, E] row-major: x W_noise. */
  readonly noiseLogits?: Float32Array;
  /** [E]: what is added to an expert's score when experts are chosen. */
  readonly bias?: Float32Array;
  /** [S]: vocabulary id of each token. */
  readonly tokenIds?: Int32Array;
  /** [S]: task, domain or language of each token. */
  readonly domains?: Int32Array;
  /** [S * k] token-major: recorded experts, first choices first; -1 where a token made no such choice. */
  readonly recorded?: Int32Array;
  /** [E]: sums of the probabilities over the tokens, where the caller has them already. */
  readonly probabilitySums?: Float64Array;
  /** [S, E]: what `Router.gateScores` made of the logits, where the caller routes the same tokens again under another bias. */
  readonly gateScores?: Float32Array;
}

export interface RouterSizes {
  /** S. */
  readonly tokens: number;
  /** E. */
  readonly experts: number;
  /** C, a whole number. */
  readonly expertCapacity: number;
}

/** Tensors that a router may ask for. */
export type RouterRead = 'probabilities' | 'logits' | 'noiseLogits' | 'bias' | 'tokenIds' | 'domains' | 'recorded';

/** One routing algorithm with its options: pure functions. */
export interface Router {
  /** Choices per token as capacity rules and FLOP counts take it; the mean where tokens have different numbers of experts. */
  readonly topK: number;
  /** Whether gradients reach router weights. */
  readonly learned: boolean;
  readonly reads: readonly RouterRead[];
  /** Whether experts choose tokens, a row for every slot; left out where tokens choose experts. */
  readonly expertsChoose?: true;
  /** `domain`: the probabilities of a token must come from a gate of its own domain; left out where all tokens share one. */
  readonly gates?: 'domain';
  /** All-to-alls of one layer in the forward pass, and as many in the backward pass: to the experts and back, and what else the algorithm sends. */
  readonly allToAlls: 2 | 4;
  /** The option that does not suit this number of experts; null when all do. Left out where topK says it all. */
  readonly misfit?: (experts: number) => OptionMisfit | null;
  /** What its options ask for in vain with this number of experts, in words; null where nothing is. Left out where nothing can be. */
  readonly inVain?: (experts: number) => string | null;
  /** Its rule for asking or seating that choices which are given (drawn, recorded) do not follow; left out where they are seated as its own are. */
  readonly ownRule?: OwnRule;
  /** Vocabulary ids must be below this; left out where it reads none, or all that there are. */
  readonly vocabulary?: number;
  /** Most passes over the scores [S, E] that the assignment takes beside the gate; left out where the gate is all. */
  readonly assignmentPasses?: number;
  /** Rows of an assignment. */
  readonly rows: (sizes: RouterSizes) => number;
  /** C where the algorithm fixes it itself; null where a capacity rule does. */
  readonly ownCapacity: ((sizes: { readonly tokens: number; readonly experts: number; readonly capacityFactor: number }) => number) | null;
  /** [S, E]: the scores that a bias is added to; left out where there is none. */
  readonly gateScores?: (input: RouterInput) => Float32Array;
  /** `into`, an assignment of as many rows, is overwritten and returned, so that a caller with many groups allocates once. */
  readonly route: (input: RouterInput, into?: Assignment) => Assignment;
  /** Mean over the group, unscaled; 0 where the algorithm has none. */
  readonly auxiliaryLoss: (input: RouterInput, assignment: Assignment) => number;
  /** Adds to gradient.logits (and .noiseLogits) what `gradient` says of the weights and of the auxiliary loss; decisions are constants. */
  readonly backward: (input: RouterInput, assignment: Assignment, gradient: RouterGradient) => void;
}

/** `words` name the rule; one about `slots` makes no difference where every choice has its row. */
interface OwnRule {
  readonly words: string;
  readonly about: 'choices' | 'slots';
}

/** Gradients of a loss L, towards the router. */
export interface RouterGradient {
  /** [rows]: dL / d combine weight; ignored where a row has no slot. */
  readonly weight: Float32Array;
  /** dL / d auxiliary loss. */
  readonly auxiliaryLoss: number;
  /** [S, E]: dL / d logits. */
  readonly logits: Float32Array;
  /** [S, E]: dL / d noise logits, for routers that read them. */
  readonly noiseLogits?: Float32Array;
}

/** An algorithm and the options that it has. */
export interface RouterEntry {
  readonly title: string;
  /** Paper and code that the rule follows. */
  readonly source: string;
  readonly options: OptionSpecs;
  readonly create: (options: OptionValues) => Router;
}
