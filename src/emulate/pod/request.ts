import type { AdamWSettings } from '../../kernels/index.ts';
import type { DeviceMesh, LayoutSpec } from '../../layout/index.ts';
import type { Dtype, ModelSpec } from '../../model/index.ts';
import type { OptionValues } from '../../routing/index.ts';

/** A language model that a pod is to learn, and how it is cut. */
export interface PodRequest {
  /** A decoder without encoder whose weights `parametersOf` knows. */
  readonly model: ModelSpec;
  readonly layout: LayoutSpec;
  readonly mesh: DeviceMesh;
  /** Of a step, over all cores; each has `sequenceLength` words to predict. */
  readonly sequences: number;
  readonly sequenceLength: number;
  /** Activations, and the weights that they meet; the router, logits, gradients and stored weights are f32 either way. */
  readonly dtype: Dtype;
  readonly routing: PodRouting;
  readonly optimizer: PodOptimizer;
  readonly seed: number;
}

export interface PodRouting {
  readonly router: string;
  readonly options: OptionValues;
  /** Routing groups are ranges of tokens, never of cores: a layout that would cut one is refused. */
  readonly groupTokens: number;
  /** Slots of an expert in a group. */
  readonly expertCapacity: number;
  readonly auxiliaryCoefficient: number;
  readonly zCoefficient: number;
}

export interface PodOptimizer {
  readonly learningRate: number;
  readonly settings: Partial<AdamWSettings>;
}
