import { type Chip, type Core, coreOf, type QuantizedType } from '../hardware/index.ts';
import { axisSize, type LayoutSpec, type MeshAxis, shardsOf } from '../layout/index.ts';
import { BYTES_PER_ELEMENT, type ModelSpec, type Stack } from '../model/index.ts';
import { learns, type QuantizedPass, type Scenario, stackLengths, type WorkloadKind } from '../scenario/index.ts';
import type { Stage } from './program.ts';

/** The numbers of one device and microbatch that every unit needs. */
export interface Sizes {
  readonly model: ModelSpec;
  readonly layout: LayoutSpec;
  readonly core: Core;
  readonly kind: WorkloadKind;
  /** There is a backward pass. */
  readonly learns: boolean;
  /** What the logits are for: the loss, the next token, or what a student learns from. */
  readonly answer: 'loss' | 'next token' | 'probabilities';
  /** Sequences of a microbatch that a device has a part of, and tokens of each on the device. */
  readonly sequences: number;
  readonly length: Readonly<Record<Stack, number>>;
  /** Tokens of a whole sequence: the keys of attention, also those that caches hold. */
  readonly wholeLength: Readonly<Record<Stack, number>>;
  /** Members of the tensor and context axes. */
  readonly tensor: number;
  /** Parts that activations between sub-layers are cut into: members of the tensor axis where they are sharded, else 1. */
  readonly activationShards: number;
  readonly context: number;
  readonly kernel: 'dot' | 'flash';
  /** Bytes of an activation (and gradient) element, of a weight as a product reads it, of one of an expert, of a router logit, probability or gradient of them, of a logit of a word. */
  readonly activationBytes: number;
  readonly weightBytes: number;
  readonly expertWeightBytes: number;
  readonly routerBytes: number;
  readonly logitBytes: number;
  /** Type of the operands of products with weights, by stage; absent where it is that of the activations. */
  readonly operands: Readonly<Partial<Record<Stage, QuantizedType>>>;
  /** Share of expert hidden units that are dropped. */
  readonly expertDropout: number;
  readonly embedding: 'one-hot' | 'gather';
  readonly layers: 'loop' | 'unrolled';
  /** A teacher's answers are learned. */
  readonly distils: boolean;
}

export function sizesOf(scenario: Scenario, chip: Chip): Sizes {
  const { model, layout, workload, precision } = scenario;
  const { kind } = workload;
  const lengths = stackLengths(scenario);
  const shards = shardsOf(layout);
  const wholeLength = kind === 'decode' ? cachedLengths(scenario) : lengths;
  // A query of one token cannot be cut; the caches are.
  const pieces = kind === 'decode' ? 1 : shards.context;
  const expertAxes = layout.expertsOver === 'expert' ? (['fsdp', 'context'] as const) : (['fsdp', 'context', 'expert'] as const);
  return {
    model,
    layout,
    core: coreOf(chip),
    kind,
    learns: learns(workload),
    answer: kind === 'prefill' || kind === 'decode' ? 'next token' : 'loss',
    sequences: workload.sequences / (shards.batch * layout.microbatches),
    length: kind === 'decode' ? ONE_TOKEN : { encoder: lengths.encoder / pieces, decoder: lengths.decoder / pieces },
    wholeLength,
    tensor: axisSize(layout, 'tensor'),
    activationShards: layout.tensorActivations === 'sharded' ? axisSize(layout, 'tensor') : 1,
    context: shards.context,
    kernel: workload.attentionKernel,
    activationBytes: BYTES_PER_ELEMENT[precision.matmul],
    weightBytes: BYTES_PER_ELEMENT[areGathered(layout, ['fsdp', 'context', 'expert']) ? precision.matmul : precision.weights],
    expertWeightBytes: BYTES_PER_ELEMENT[areGathered(layout, expertAxes) ? precision.matmul : precision.weights],
    routerBytes: BYTES_PER_ELEMENT[precision.router],
    logitBytes: BYTES_PER_ELEMENT[precision.logits ?? 'f32'],
    operands: operandsOf(precision.quantized, precision.quantizedPasses),
    expertDropout: kind === 'fine-tune' ? workload.expertDropout : 0,
    embedding: workload.embedding,
    layers: workload.layers,
    distils: kind === 'distil',
  };
}

/** No encoder runs. */
const ONE_TOKEN = { encoder: 0, decoder: 1 } as const;

/** Tokens that caches hold: those of the decoder, and of the encoder that it looks at. */
function cachedLengths({ model, workload }: Scenario): Readonly<Record<Stack, number>> {
  const { sequenceLength, targetLength } = workload;
  return { encoder: sequenceLength, decoder: model.family === 'encoder-decoder' ? targetLength : sequenceLength };
}

/** Weights that are sharded over devices arrive in the type of the products; others are read as they are stored. */
function areGathered(layout: LayoutSpec, axes: readonly MeshAxis[]): boolean {
  return layout.zero === 3 || axes.some((axis) => axisSize(layout, axis) > 1);
}

const STAGES_OF_PASS: Readonly<Record<QuantizedPass, readonly Stage[]>> = { fw: ['fw', 'recompute'], agrad: ['agrad'], wgrad: ['wgrad'] };

function operandsOf(type: 'none' | QuantizedType, passes: readonly QuantizedPass[]): Readonly<Partial<Record<Stage, QuantizedType>>> {
  if (type === 'none') return {};
  return Object.fromEntries(passes.flatMap((pass) => STAGES_OF_PASS[pass]).map((stage) => [stage, type]));
}

export function tokensOf(sizes: Sizes, stack: Stack): number {
  return sizes.sequences * sizes.length[stack];
}

/** Tokens of one device in both stacks. */
export function allTokensOf(sizes: Sizes): number {
  const { encoderLayers, decoderLayers } = sizes.model;
  return (encoderLayers > 0 ? tokensOf(sizes, 'encoder') : 0) + (decoderLayers > 0 ? tokensOf(sizes, 'decoder') : 0);
}
