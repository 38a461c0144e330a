import { toSeconds } from '../base/index.ts';
import { droppedTokenShare } from '../emulate/index.ts';
import type { Trace } from '../engine/index.ts';
import { type Chip, coreOf, type Topology } from '../hardware/index.ts';
import { liveMemory, type Program, sentBytesPerDevice, switchShape } from '../program/index.ts';
import { type Metric, type MetricName, metricsFrom, shareInterval95 } from '../result/index.ts';
import { type Load, type Scenario, stackTokens } from '../scenario/index.ts';
import { choicesPerToken, meanMaxOverMean } from './expert-rows.ts';

/** Everything that the metrics are read from. */
export interface MetricSources {
  readonly scenario: Scenario;
  readonly chip: Chip;
  readonly topology: Topology;
  readonly program: Program;
  readonly trace: Trace;
  /** Null for a dense model. */
  readonly load: Load | null;
}

const SECONDS_PER_HOUR = 3600;

/** All metrics as `result/metrics.ts` defines them; a dense model has no router and drops nothing. */
export function metricValues(sources: MetricSources): Metric[] {
  const { scenario, chip, topology, program, trace, load } = sources;
  const step = toSeconds(trace.step);
  const tokens = tokensPerStep(scenario);
  const peak = topology.chips * chip.matmulFlopsPerSecond;
  const dollarsPerSecond = (topology.chips * chip.dollarsPerChipHour) / SECONDS_PER_HOUR;
  const dropped = load === null ? { value: 0, standardError: 0 } : droppedTokenShare(load);
  const values: Record<MetricName, number> = {
    stepSeconds: step,
    examplesPerSecond: scenario.workload.sequences / step,
    tokensPerSecondPerChip: tokens / step / topology.chips,
    mfu: program.modelFlops / (step * peak),
    hfu: program.executedFlops / (step * peak),
    computeSeconds: meanSeconds(trace.devices.computeBusy),
    exposedCommunicationSeconds: meanSeconds(trace.devices.exposedCommunication),
    waitSeconds: meanSeconds(trace.devices.wait),
    hbmPeakBytes: liveMemory(program).peakBytes,
    hbmCapacityBytes: coreOf(chip).hbmBytes,
    iciBytesPerDevice: sentBytesPerDevice(program),
    allToAllBytesPerDevice: sentBytesPerDevice(program, 'all-to-all'),
    allToAllsPerStep: program.collectives.filter(({ kind }) => kind === 'all-to-all').length,
    droppedTokenFraction: dropped.value,
    maxOverMeanExpertLoad: load === null ? 1 : meanMaxOverMean(load),
    ...slotMetrics(scenario, load),
    dollarsPerBillionTokens: (dollarsPerSecond * step * 1e9) / tokens,
  };
  return metricsFrom(values).map((plain) => {
    // A dense model has no router: that nothing is dropped follows from the program, nothing was counted.
    if (load === null && plain.from === 'kernels') return { ...plain, from: 'program' };
    // NaN, where the sample does not tell, is not above 0: no interval rather than a false one.
    const isSampled = plain.name === 'droppedTokenFraction' && dropped.standardError > 0;
    return isSampled ? { ...plain, interval: shareInterval95(dropped.value, dropped.standardError) } : plain;
  });
}

/** Choices, and rows that are computed for them; a dense model has none. */
function slotMetrics(scenario: Scenario, load: Load | null): Record<'expertCapacity' | 'slotsPerToken' | 'choicesPerToken', number> {
  if (load === null) return { expertCapacity: 0, slotsPerToken: 0, choicesPerToken: 0 };
  const { experts, expertCapacity, groupTokens } = switchShape(scenario, load.layers[0].stack);
  const choices = choicesPerToken(load);
  const slots = scenario.routing.dispatch === 'dropless' ? choices : (experts * expertCapacity) / groupTokens;
  return { expertCapacity, slotsPerToken: slots, choicesPerToken: choices };
}

/** Tokens that pass the model in one step: inputs, and targets where there is a decoder beside the encoder. */
export function tokensPerStep(scenario: Scenario): number {
  const { encoderLayers, decoderLayers } = scenario.model;
  return (encoderLayers > 0 ? stackTokens(scenario, 'encoder') : 0) + (decoderLayers > 0 ? stackTokens(scenario, 'decoder') : 0);
}

function meanSeconds(picoseconds: Float64Array): number {
  return toSeconds(picoseconds.reduce((sum, value) => sum + value, 0) / picoseconds.length);
}
