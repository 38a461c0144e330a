import type { AxisSizes, LayoutSpec, MeshAxis } from '../../../layout/index.ts';
import { DCN_AXES } from '../../../layout/index.ts';
import type { ConfigReader } from '../config-reader.ts';

/** What flags say of a layout, in the keys of a scenario; sizes of axes may be -1. */
export type FlagLayout = Partial<Omit<LayoutSpec, 'ici' | 'dcn'>> & {
  readonly ici: Partial<AxisSizes>;
  readonly dcn: Partial<AxisSizes>;
};

/** Axes by the words of their flags. Two words of one axis multiply. */
const AXIS_WORDS: Readonly<Record<MeshAxis, readonly string[]>> = {
  data: ['data'],
  pipeline: ['pipeline'],
  fsdp: ['fsdp', 'fsdp_transpose'],
  context: ['context'],
  tensor: ['tensor', 'tensor_sequence', 'tensor_transpose'],
  expert: ['expert'],
};

/** Axes that cut what nothing here cuts. */
const FOREIGN_WORDS = ['diloco', 'sequence', 'autoregressive', 'context_autoregressive', 'context_usp_ulysses'] as const;

const WORDS = [...Object.values(AXIS_WORDS).flat(), ...FOREIGN_WORDS];

/** Sizes that are not 1 in base.yml@000b810b: wires go to fsdp, slices to data. */
const UNSTATED: Readonly<Record<string, number>> = { ici_fsdp_parallelism: -1, dcn_data_parallelism: -1 };

type Network = 'ici' | 'dcn';

const flagOf = (network: Network, word: string): string => `${network}_${word}_parallelism`;

/** The layout of flags for a model with so many layers (0 where that is not known) and experts or none. */
export function readLayoutFlags(flags: ConfigReader, model: { readonly layers: number; readonly hasExperts: boolean }): FlagLayout {
  const ici = readAxes(flags, 'ici');
  const dcn = readAxes(flags, 'dcn');
  for (const axis of Object.keys(AXIS_WORDS) as MeshAxis[]) {
    if (dcn[axis] === 1 || DCN_AXES.some((known) => known === axis)) continue;
    flags.refuse(flagOf('dcn', axis), `not modelled: the ${axis} axis over slices`, `leave ${flagOf('dcn', axis)} at 1`, 'E_FLAG');
  }
  const { context: _, tensor: __, ...overSlices } = dcn;
  const overExperts = model.hasExperts ? (ici.expert === 1 && dcn.expert === 1 ? 'none' : 'expert') : undefined;
  return {
    ici,
    dcn: overSlices,
    ...(overExperts && { expertsOver: overExperts }),
    // Rule `activation_embed` of base.yml's logical_axis_rules; other rules are refused.
    tensorActivations: 'sharded',
    zero: flags.flag('shard_optimizer_over_data', { or: false }) ? 1 : 0,
    offload: {
      optimizer: flags.flag('optimizer_memory_host_offload', { or: false }),
      weights: flags.flag('parameter_memory_host_offload', { or: false }),
    },
    ...readPipeline(flags, ici.pipeline * dcn.pipeline, model.layers),
  };
}

/** Sizes of all axes over one network; one of them may be -1. */
function readAxes(flags: ConfigReader, network: Network): AxisSizes {
  const sizes = Object.fromEntries(WORDS.map((word) => [word, sizeOf(flags, network, word)]));
  const open = WORDS.filter((word) => sizes[word] === -1);
  if (open.length > 1) {
    const names = open.map((word) => flagOf(network, word));
    // The flag that was written is wrong, not the one that has this value by default.
    const stated = names.find((name) => flags.states(name)) ?? names[0];
    const others = names.filter((name) => name !== stated).join(' and ');
    flags.wrong(stated, `one axis over ${network} may be -1, and ${others} is`, `write the sizes, e.g. ${others}=1`);
  }
  for (const word of FOREIGN_WORDS) {
    const name = flagOf(network, word);
    if (sizes[word] !== 1) flags.refuse(name, `not modelled: an axis ${word}`, `leave ${name} at 1`, 'E_FLAG');
  }
  remarkJoined(flags, network, sizes);
  const entries = Object.entries(AXIS_WORDS).map(([axis, words]) => [axis, joined(words.map((word) => sizes[word]))]);
  return Object.fromEntries(entries) as AxisSizes;
}

function sizeOf(flags: ConfigReader, network: Network, word: string): number {
  const name = flagOf(network, word);
  const size = flags.whole(name, { or: UNSTATED[name] ?? 1, least: -1, most: 2 ** 20 });
  if (size === 0) flags.wrong(name, 'must be at least 1, or -1 to take what is left', 'write 1 for an axis that is not cut');
  return size;
}

/** Where one of them is -1, so is the product. */
function joined(sizes: readonly number[]): number {
  return sizes.includes(-1) ? -1 : sizes.reduce((product, size) => product * size, 1);
}

function remarkJoined(flags: ConfigReader, network: Network, sizes: Readonly<Record<string, number>>): void {
  const say = (word: string, rule: string) => {
    if (sizes[word] !== 1) flags.remark(flagOf(network, word), rule, 'nothing, or leave it at 1');
  };
  say('fsdp_transpose', 'counts into fsdp: weights are cut into as many pieces, gathered at once');
  say(
    'tensor_sequence',
    'counts into tensor: activations between sub-layers are cut along the sequence there and along their width here, into as many parts',
  );
  say('tensor_transpose', 'counts into tensor: it cuts the other side of each matrix there');
}

/** Stages, repeats and microbatches; without a pipeline, microbatches accumulate gradients. */
function readPipeline(flags: ConfigReader, stages: number, layers: number): Pick<FlagLayout, 'microbatches' | 'pipeline'> {
  const accumulated = flags.whole('gradient_accumulation_steps', { or: 1, most: 4096 });
  if (stages <= 1) {
    if (stages < 0) flags.wrong(openPipeline(flags), 'stages of a pipeline are written as a number', 'write how many stages there are');
    return { microbatches: accumulated };
  }
  const perStage = flags.whole('num_layers_per_pipeline_stage', { or: 1 });
  const stated = flags.whole('num_pipeline_repeats', { or: -1, least: -1 });
  const pipelined = flags.whole('pipeline_parallel_layers', { or: -1, least: -1 });
  if (pipelined !== -1 && pipelined !== layers) {
    flags.refuse('pipeline_parallel_layers', 'not modelled: layers outside the pipeline', 'leave pipeline_parallel_layers at -1', 'E_FLAG');
  }
  const repeats = stated > 0 ? stated : Math.max(1, Math.floor(layers / (stages * perStage)));
  if (layers > 0 && stages * repeats * perStage !== layers) {
    const rule = `${stages} stages x ${repeats} repeats x ${perStage} layers must be the ${layers} layers`;
    flags.wrong('num_layers_per_pipeline_stage', rule, `choose stages that divide ${layers}, and layers for each of them`);
  }
  const inPipeline = flags.whole('num_pipeline_microbatches', { or: -1, least: -1 });
  const microbatches = inPipeline > 0 ? inPipeline : stages;
  if (microbatches % stages !== 0)
    flags.wrong('num_pipeline_microbatches', `must be a multiple of the ${stages} stages`, 'correct one of the two');
  if (accumulated > 1) {
    flags.remark(
      'gradient_accumulation_steps',
      'its parts follow one another without emptying the pipeline here',
      'nothing, or leave it at 1',
    );
  }
  if (repeats > 1) {
    const rule = 'passes are interleaved as in Megatron here; there, all forward passes come before all backward passes';
    flags.remark(
      stated > 0 ? 'num_pipeline_repeats' : 'num_layers_per_pipeline_stage',
      rule,
      'nothing: bubbles are as long, memory is less here',
    );
  }
  return { microbatches: microbatches * accumulated, pipeline: { schedule: repeats > 1 ? 'interleaved' : 'gpipe', repeats } };
}

function openPipeline(flags: ConfigReader): string {
  const name = flagOf('dcn', 'pipeline');
  return flags.holds(name, [-1]) ? name : flagOf('ici', 'pipeline');
}
