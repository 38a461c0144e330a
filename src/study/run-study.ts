import { estimate } from '../analytic/index.ts';
import { toSeconds } from '../base/index.ts';
import type { Executor, Pause } from '../emulate/index.ts';
import { simulate, type Trace } from '../engine/index.ts';
import { type Chip, sliceTopology, type Topology } from '../hardware/index.ts';
import { lowerStep, type Program } from '../program/index.ts';
import {
  type AnalyticValue,
  type Provenance,
  type Published,
  RESULT_SCHEMA,
  type Result,
  type ResultDetail,
  resultFingerprint,
  type Warning,
} from '../result/index.ts';
import type { Load, Scenario } from '../scenario/index.ts';
import { assumptionsOf } from './assumptions.ts';
import { stepBreakdown } from './breakdown.ts';
import { clusteringRows } from './clusterings.ts';
import { communicationRows } from './communication-rows.ts';
import { expertLoadRows } from './expert-rows.ts';
import { linkMap } from './link-map.ts';
import { scenarioLoad } from './loads.ts';
import { throwIfMisfit } from './memory-misfit.ts';
import { memoryProfile } from './memory-profile.ts';
import { metricValues } from './metric-values.ts';
import { resultWarnings } from './result-warnings.ts';
import { samplingNote } from './sampling-note.ts';
import { shownDevice } from './shown-device.ts';
import { deviceTimeline } from './timeline.ts';
import { trafficRows } from './traffic-rows.ts';

/** Everything that the outside world has to hand in: data, threads, and facts about this run. */
export interface StudyInput {
  readonly scenario: Scenario;
  readonly chip: Chip;
  /** Found while the scenario was read. */
  readonly warnings: readonly Warning[];
  /** Measurements of the same run that were published, if any. */
  readonly published: readonly Published[];
  readonly executor: Executor;
  readonly provenance: RunFacts;
  /** Wall clock in milliseconds, for provenance alone. */
  readonly clock: () => number;
  readonly onProgress?: (phase: string, done: number, total: number) => void;
  /** Awaited between phases, and between layers that are drawn; lets signals in, and rejects to end the run. */
  readonly pause?: Pause;
}

export interface RunFacts {
  readonly version: string;
  readonly node: string;
  readonly startedAt: string;
}

/** A result, and what it was read from: for the trace file and for tests. */
export interface StudyOutput {
  readonly result: Result;
  readonly program: Program;
  readonly trace: Trace;
  readonly topology: Topology;
}

/** One scenario from end to end: route the tokens, lower and simulate the step, and write down what came out. */
export async function runStudy(input: StudyInput): Promise<StudyOutput> {
  const { scenario, chip, executor, onProgress, pause = async () => {} } = input;
  const startedAt = input.clock();
  await pause();
  throwIfMisfit(scenario, chip);
  const load = await scenarioLoad(scenario, executor, (done, total) => onProgress?.('routing tokens', done, total), pause);
  await pause();
  const simulated = simulateStep(scenario, chip, load);
  const clusterings =
    load === null
      ? []
      : await clusteringRows(scenario, load, executor, (done, total) => onProgress?.('comparing clusterings', done, total));
  await pause();

  const metrics = metricValues({ scenario, chip, load, ...simulated });
  const body = {
    schema: RESULT_SCHEMA,
    scenario: withoutRecords(scenario),
    metrics,
    analytic: analyticValues(simulated.program, simulated.topology),
    published: input.published,
    detail: detailOf(scenario, chip, simulated, load, clusterings),
    warnings: [...input.warnings, ...resultWarnings(scenario, metrics, load)],
  } as const;
  const fingerprint = resultFingerprint(body, [simulated.trace.fingerprint, load?.fingerprint ?? '']);
  const provenance = provenanceOf(input, startedAt);
  return { result: { ...body, fingerprint, provenance }, ...simulated };
}

/** Lowers and runs one step; no threads, no tokens. With slots the load sets the model FLOPs alone, without (dropless dispatch) the step as well; null is a balanced one. */
export function simulateStep(scenario: Scenario, chip: Chip, load: Load | null): Omit<StudyOutput, 'result'> {
  const topology = sliceTopology(chip, scenario.topology);
  const program = lowerStep(scenario, chip, topology, load);
  return { topology, program, trace: simulate(program, topology) };
}

/** What may differ between two runs of one scenario. `startedAt` is what the clock said then. */
export function provenanceOf(
  { chip, executor, clock, provenance }: Omit<StudyInput, 'scenario' | 'published'>,
  startedAt: number,
): Provenance {
  return {
    ...provenance,
    threads: executor.threads,
    kernelPath: executor.kernelPath,
    kernelSpeed: executor.kernelSpeed,
    wallSeconds: (clock() - startedAt) / 1000,
    dataSources: dataSources(chip),
  };
}

/** Sources of the chip's numbers, each once. */
export function dataSources(chip: Chip): string[] {
  return [...new Set(Object.values(chip.citations).map(({ source, asOf }) => `${source} (${asOf})`))].sort();
}

function analyticValues(program: Program, topology: Topology): AnalyticValue[] {
  const closed = estimate(program, topology);
  const seconds = (name: string, value: number): AnalyticValue => ({ name, value, unit: 's' });
  return [
    seconds('stepSeconds', toSeconds(closed.step)),
    seconds('computeSeconds', closed.computeSeconds),
    seconds('communicationSeconds', closed.communicationSeconds),
    seconds('exposedCommunicationSeconds', closed.exposedCommunicationSeconds),
    seconds('lowerBoundSeconds', closed.lowerBoundSeconds),
    seconds('upperBoundSeconds', closed.upperBoundSeconds),
  ];
}

function detailOf(
  scenario: Scenario,
  chip: Chip,
  { program, trace, topology }: Omit<StudyOutput, 'result'>,
  load: Load | null,
  clusterings: ResultDetail['clusterings'],
): ResultDetail {
  const device = shownDevice(trace);
  return {
    breakdown: stepBreakdown(program, trace, device),
    timeline: deviceTimeline(program, trace, device),
    expertLoads: load === null ? [] : expertLoadRows(load),
    links: linkMap(topology, trace),
    traffic: load === null ? [] : trafficRows(load, scenario),
    communication: communicationRows(program),
    memory: memoryProfile(scenario, chip, load, program, trace, device),
    clusterings,
    verification: verificationRow(load),
    sampling: samplingNote(scenario, load),
    assumptions: assumptionsOf(scenario, chip, load),
  };
}

/** A recording may have millions of rows; the result names the file, and its fingerprint holds what was read. */
function withoutRecords(scenario: Scenario): Scenario {
  if (scenario.load.kind !== 'trace') return scenario;
  return { ...scenario, load: { ...scenario.load, records: { layer: [], token: [], expert: [] } } };
}

/** Without the name of the path: results are equal on every path. */
function verificationRow(load: Load | null): ResultDetail['verification'] {
  if (load === null || load.verification === null) return null;
  const { tokens, tokensShare, devices, comparedValues, differingValues } = load.verification;
  return { tokens, tokensShare, devices, comparedValues, differingValues };
}
