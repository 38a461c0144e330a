import type { Core } from '../hardware/index.ts';
import { type Chip, coreOf } from '../hardware/index.ts';
import { type LayoutSpec, shardsOf } from '../layout/index.ts';
import { BYTES_PER_ELEMENT, type ModelSpec, type Stack } from '../model/index.ts';
import { type Scenario, stackLengths } from '../scenario/index.ts';

/** The per-device numbers that every block needs. */
export interface Sizes {
  readonly model: ModelSpec;
  readonly layout: LayoutSpec;
  readonly core: Core;
  /** Sequences on one device, and tokens per sequence by stack. */
  readonly sequences: number;
  readonly length: Readonly<Record<Stack, number>>;
  /** Bytes of an activation (and gradient) element, and of a weight. */
  readonly activationBytes: number;
  readonly weightBytes: number;
  /** Bytes of a router logit, probability or gradient of them. */
  readonly routerBytes: number;
}

export function sizesOf(scenario: Scenario, chip: Chip): Sizes {
  return {
    model: scenario.model,
    layout: scenario.layout,
    core: coreOf(chip),
    sequences: scenario.workload.sequences / shardsOf(scenario.layout).batch,
    length: stackLengths(scenario),
    activationBytes: BYTES_PER_ELEMENT[scenario.precision.matmul],
    weightBytes: BYTES_PER_ELEMENT[scenario.precision.weights],
    routerBytes: BYTES_PER_ELEMENT[scenario.precision.router],
  };
}

export function tokensOf(sizes: Sizes, stack: Stack): number {
  return sizes.sequences * sizes.length[stack];
}

/** Tokens of one device in both stacks. */
export function allTokensOf(sizes: Sizes): number {
  const { encoderLayers, decoderLayers } = sizes.model;
  return (encoderLayers > 0 ? tokensOf(sizes, 'encoder') : 0) + (decoderLayers > 0 ? tokensOf(sizes, 'decoder') : 0);
}
