import type { AdafactorSettings, AdamWSettings, SgdSettings } from '../../kernels/index.ts';
import type { DeviceMesh, LayoutSpec } from '../../layout/index.ts';
import type { Dtype, ModelSpec } from '../../model/index.ts';
import { createRouter, type DispatchName, type OptionValues, type Router, type RouterRead } from '../../routing/index.ts';
import type { LearningRateSchedule } from './learning-rate.ts';

/** A language model that a pod is to learn, and how it is cut. */
export interface PodRequest {
  /** A decoder without encoder whose weights `parametersOf` knows. */
  readonly model: ModelSpec;
  readonly layout: LayoutSpec;
  readonly mesh: DeviceMesh;
  /** Of a step, over all cores; each has `sequenceLength` words to predict. */
  readonly sequences: number;
  readonly sequenceLength: number;
  /** Activations, and the weights that they meet; logits, gradients of weights and stored weights are f32 either way. */
  readonly dtype: Dtype;
  readonly routing: PodRouting;
  readonly optimizer: PodOptimizer;
  readonly seed: number;
  /** Scale s of the first weights, whose deviation is sqrt(s / n). */
  readonly initialisationScale: number;
  /** Shares that a step drops: of the embedding and what sub-layers add to the stream, and of the hidden units of experts. */
  readonly dropout: number;
  readonly expertDropout: number;
  /** Routers read tokens times a random number from 1 - jitter to 1 + jitter. */
  readonly jitter: number;
  /** Share of the loss that is the cross-entropy against a teacher's probabilities; 0 or absent: there is no teacher. */
  readonly softShare?: number;
}

export interface PodRouting {
  readonly router: string;
  readonly options: OptionValues;
  /** What a router computes in: f32 in a bf16 model is selective precision (Fedus et al. 2021, arXiv 2101.03961, section 2.4); its weights come to it in the type of activations. */
  readonly dtype: Dtype;
  /** Dropless: every choice has a row and none has a slot; the others fill the same slots, by products or by moves. */
  readonly dispatch: DispatchName;
  /** Routing groups are ranges of tokens, never of cores: a layout that would cut one is refused. */
  readonly groupTokens: number;
  /** Slots of an expert in a group; under dropless dispatch the most choices that it may get there. */
  readonly expertCapacity: number;
  readonly auxiliaryCoefficient: number;
  readonly zCoefficient: number;
}

/** What updates the weights; settings that are left out are those of the kernels. */
export type PodOptimizer = { readonly learningRate: LearningRateSchedule } & (
  | { readonly name: 'adamw'; readonly settings: Partial<AdamWSettings> }
  | { readonly name: 'adafactor' | 'adafactor-unfactored'; readonly settings: Partial<AdafactorSettings> }
  | { readonly name: 'sgd'; readonly settings: Partial<SgdSettings> }
);
/** Whether the router of a request reads a tensor; gates of domains read these. */
export function readByRouter(request: Pick<PodRequest, 'routing'>, tensor: RouterRead): boolean {
  const { reads } = routerOf(request);
  return reads.includes(tensor) || (tensor === 'domains' && hasGatesOfDomains(request));
}

/** Whether every domain has router weights of its own. */
export function hasGatesOfDomains(request: Pick<PodRequest, 'routing'>): boolean {
  return routerOf(request).gates === 'domain';
}

function routerOf({ routing }: Pick<PodRequest, 'routing'>): Router {
  return createRouter(routing.router, routing.options);
}
