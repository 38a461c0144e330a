import { METRIC_NAMES, type Metric, type MetricName, type MetricOrigin } from './types.ts';

/** What a metric means, in the words of `explain` and of the page. */
export interface MetricDefinition {
  readonly title: string;
  readonly unit: string;
  readonly from: MetricOrigin;
  readonly definition: string;
  readonly formula: string;
  /** Whose definition it is. */
  readonly origin: string;
  /** What a reader hopes for; null for plain facts. */
  readonly better: 'lower' | 'higher' | null;
}

const PALM = 'Chowdhery et al. 2022, arXiv 2204.02311, appendix B';
const OWN_TIME = 'Switchyard: three kinds of time of the compute stream, which add up to the step';

/** Every metric once; the only place where its unit and its origin are written. */
export const METRICS: Readonly<Record<MetricName, MetricDefinition>> = {
  stepSeconds: {
    title: 'step time',
    unit: 's',
    from: 'engine',
    definition: 'Simulated time from the start of a training step until the last device has updated its weights.',
    formula: 'end of the last task of the program, over all devices',
    origin: 'Switchyard',
    better: 'lower',
  },
  examplesPerSecond: {
    title: 'examples per second',
    unit: 'examples/s',
    from: 'engine',
    definition: 'Sequences that the whole slice trains per simulated second.',
    formula: 'sequences / stepSeconds',
    origin: 'Fedus et al. 2021, arXiv 2101.03961, table 1',
    better: 'higher',
  },
  tokensPerSecondPerChip: {
    title: 'tokens per second and chip',
    unit: 'tokens/s/chip',
    from: 'engine',
    definition: 'Input and target tokens that one chip (not one core) works through per simulated second; decoding, those that it makes.',
    formula: 'sequences * (sequenceLength + targetLength) / stepSeconds / chips; decoding: sequences / stepSeconds / chips',
    origin: 'MaxText performance tables',
    better: 'higher',
  },
  mfu: {
    title: 'MFU',
    unit: 'fraction',
    from: 'engine',
    definition:
      "Model FLOPs utilisation: FLOPs of the model's own matrix products, without padding and recomputation, over the bf16 peak. A token counts as many experts as it asked for (mean over the routed tokens; padding asks for none), or fewer where there are not slots for all.",
    formula: 'modelFlops / (stepSeconds * chips * matmulFlopsPerSecond)',
    origin: PALM,
    better: 'higher',
  },
  hfu: {
    title: 'HFU',
    unit: 'fraction',
    from: 'engine',
    definition:
      'Hardware FLOPs utilisation: matrix FLOPs as executed, with padded slots, one-hot dispatch and recomputation, over the bf16 peak.',
    formula: 'executedFlops / (stepSeconds * chips * matmulFlopsPerSecond)',
    origin: PALM,
    better: 'higher',
  },
  computeSeconds: {
    title: 'compute',
    unit: 's',
    from: 'engine',
    definition: 'Time in which the compute stream of a device is busy, mean over devices.',
    formula: 'mean over devices of computeBusy; computeSeconds + exposedCommunicationSeconds + waitSeconds = stepSeconds',
    origin: OWN_TIME,
    better: 'lower',
  },
  exposedCommunicationSeconds: {
    title: 'exposed communication',
    unit: 's',
    from: 'engine',
    definition: 'Time in which the compute stream stands still while a collective that it needs is moving bytes, mean over devices.',
    formula: 'mean over devices of exposedCommunication',
    origin: OWN_TIME,
    better: 'lower',
  },
  waitSeconds: {
    title: 'waiting',
    unit: 's',
    from: 'engine',
    definition:
      'Time in which the compute stream stands still for other members of a collective, or at the end of the step; mean over devices.',
    formula: 'mean over devices of wait',
    origin: OWN_TIME,
    better: 'lower',
  },
  hbmPeakBytes: {
    title: 'HBM peak',
    unit: 'B',
    from: 'program',
    definition: 'Most bytes alive at once on one device: weights, optimizer state, gradients, activations and buffers of collectives.',
    formula: 'maximum over the step of the sum of live buffers',
    origin: 'Switchyard',
    better: 'lower',
  },
  hbmCapacityBytes: {
    title: 'HBM capacity',
    unit: 'B',
    from: 'program',
    definition: 'HBM of one device; a chip with two cores gives each core half.',
    formula: 'hbmBytes / devicesPerChip',
    origin: 'chip data file',
    better: null,
  },
  iciBytesPerDevice: {
    title: 'bytes sent per device',
    unit: 'B',
    from: 'program',
    definition:
      'Bytes that one device sends to others in all collectives of a step; the two cores of a v2 or v3 chip exchange theirs through HBM, all others use ICI.',
    formula: 'sum over collectives of sentBytesPerDevice',
    origin: 'nccl-tests PERFORMANCE.md (bytes that an algorithm has to send)',
    better: 'lower',
  },
  allToAllBytesPerDevice: {
    title: 'all-to-all bytes per device',
    unit: 'B',
    from: 'program',
    definition: 'The part of iciBytesPerDevice that dispatch and combine send, with padded slots: what capacity costs on the wires.',
    formula: 'sum over all-to-all collectives of sentBytesPerDevice',
    origin: 'Lepikhin et al. 2020, arXiv 2006.16668, section 3.2',
    better: 'lower',
  },
  allToAllsPerStep: {
    title: 'all-to-alls per step',
    unit: '',
    from: 'program',
    definition:
      'All-to-all collectives of a step, one after the other: to the experts and back in every Switch layer, forward and backward; BASE shuffles its tokens by two more, and recomputation repeats the forward ones.',
    formula: 'number of all-to-all collectives of the program',
    origin: 'Lewis et al. 2021, arXiv 2103.16716, section 3',
    better: 'lower',
  },
  droppedTokenFraction: {
    title: 'dropped tokens',
    unit: 'fraction',
    from: 'kernels',
    definition:
      'Share of tokens that found no slot with any of their experts and passed the layer through the residual alone; in a comparison the mean over its seeds.',
    formula: 'dropped tokens / tokens, over all routed groups of all routed Switch layers',
    origin: 'Fedus et al. 2021, arXiv 2101.03961, section 2.2',
    better: 'lower',
  },
  maxOverMeanExpertLoad: {
    title: 'max / mean expert load',
    unit: 'ratio',
    from: 'kernels',
    definition:
      'How much busier the most wanted expert of a layer is than the average one, before capacity cuts it; mean over routed layers, and in a comparison over its seeds.',
    formula: 'mean over layers of max(requested) / mean(requested)',
    origin: 'Riquelme et al. 2021, arXiv 2106.05974, section 2',
    better: 'lower',
  },
  expertCapacity: {
    title: 'expert capacity',
    unit: 'slots',
    from: 'program',
    definition:
      "Slots of one expert per group in the model's first Switch layer; the same capacity factor means different slots under different rules. Dropless dispatch has no slots; the number is then the group size, which no expert can exceed.",
    formula: 'capacityRule(group tokens, experts, capacityFactor, topK)',
    origin: 'Fedus et al. 2021, arXiv 2101.03961, equation 3',
    better: null,
  },
  slotsPerToken: {
    title: 'slots per token',
    unit: '',
    from: 'program',
    definition:
      'Rows that experts compute for every token, filled or not: capacity in a unit that does not depend on the group, and what a capacity factor really buys under its rule. Without slots the choices that were made.',
    formula: 'experts * expertCapacity / group tokens, of the first Switch layer',
    origin: 'Switchyard',
    better: 'lower',
  },
  choicesPerToken: {
    title: 'choices per token',
    unit: '',
    from: 'kernels',
    definition: 'Experts that a token asked for, or that took it where experts choose, mean over the routed tokens, before capacity cuts.',
    formula: 'sum of requested / tokens, over all routed groups of all routed Switch layers',
    origin: 'Shazeer et al. 2017, arXiv 1701.06538, section 2.1 (k)',
    better: null,
  },
  dollarsPerBillionTokens: {
    title: 'dollars per 10^9 tokens',
    unit: '$',
    from: 'engine',
    definition: "List price of the slice's chips for the simulated time of 10^9 tokens; prices are data with a date.",
    formula: 'chips * dollarsPerChipHour / 3600 * stepSeconds / tokens per step * 1e9',
    origin: 'chip data file',
    better: 'lower',
  },
};

/** The value of a metric, or undefined when the list lacks it. */
export function metricValue(metrics: readonly Metric[], name: MetricName): number | undefined {
  return metrics.find((candidate) => candidate.name === name)?.value;
}

/** Metrics in the order of METRIC_NAMES, each once, with the unit and origin of its definition. */
export function metricsFrom(values: Readonly<Record<MetricName, number>>): readonly Metric[] {
  return METRIC_NAMES.map((name) => ({ name, value: values[name], unit: METRICS[name].unit, from: METRICS[name].from }));
}
