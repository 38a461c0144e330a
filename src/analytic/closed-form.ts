import type { BytesPerSecond, Seconds } from '../base/index.ts';
import { type Chip, type Core, coreOf } from '../hardware/index.ts';
import { axisSize, type LayoutSpec, meshDevices } from '../layout/index.ts';
import { STAGES, type Stage } from '../program/index.ts';
import type { Load, Scenario } from '../scenario/index.ts';
import type { ClosedForm } from './answer.ts';
import { collectiveSeconds, type MeshRates, type Rate } from './axis-rates.ts';
import type { ChainRuns } from './blocks.ts';
import { type ClosedFormCache, noCache } from './cache.ts';
import { collectiveRows, sendRow } from './collective-rows.ts';
import { sharedWires } from './stage-sharing.ts';
import type { ChainCost, StepCost } from './step-cost.ts';
import { memoryNeed } from './step-memory.ts';
import { stepTime } from './step-time.ts';
import { type UnitNeed, unitNeed } from './unit-peak.ts';
import { type PieceTime, type UnitTime, unitTime } from './unit-time.ts';
import { type GroupCost, groupCost, type WeightSorts } from './weight-cost.ts';

/**
 * The second answer beside the engine: units by their work, collectives by the rates of their groups, and one clock for what is hidden behind what. No load
 * stands for a balanced one. Chips and wires are as their data sheets say: devices that are slow or late, and jitter, are not looked at. `cache` holds
 * what steps have in common; without one nothing is remembered.
 */
export function closedForm(scenario: Scenario, chip: Chip, load: Load | null = null, cache: ClosedFormCache = noCache()): ClosedForm {
  const cost = cache.stepCost(scenario, chip, load);
  const { all, stages, ofStage } = cache.wireRates(scenario, chip);
  const { layout } = scenario;
  const { rates, sorts } =
    ofStage === null ? { rates: all.rates, sorts: all.weightSorts(layout) } : sharedWires(all, ofStage, cost, layout, scenario.precision);
  const setting: Setting = {
    scenario,
    chip,
    cost,
    rates,
    stageRates: stages,
    sorts,
    core: coreOf(chip),
    runs: runsOf(layout),
    hostBytesPerSecond: chip.pcieBytesPerSecond / chip.devicesPerChip,
  };
  return answer(setting, chainsOf(setting), cache);
}

interface Setting {
  readonly scenario: Scenario;
  readonly chip: Chip;
  readonly cost: StepCost;
  readonly rates: MeshRates;
  readonly stageRates: readonly Rate[];
  readonly sorts: WeightSorts;
  readonly core: Core;
  readonly runs: number;
  readonly hostBytesPerSecond: BytesPerSecond;
}

/** A chain under the layout, over the wires. */
interface Chain {
  readonly cost: ChainCost;
  readonly runs: ChainRuns;
  /** By kind. */
  readonly groups: readonly (readonly GroupCost[])[];
  readonly times: readonly UnitTime[];
  readonly needs: readonly UnitNeed[];
  readonly opening: UnitNeed[];
}

interface Chains {
  readonly chains: readonly Chain[];
  /** By row of uses. */
  readonly rates: readonly Rate[];
  readonly pieces: readonly PieceTime[];
}

function runsOf(layout: LayoutSpec): number {
  const stages = axisSize(layout, 'pipeline');
  return stages === 1 ? 1 : stages * layout.pipeline.repeats;
}

function chainsOf({ scenario, cost, rates, sorts, core, runs, hostBytesPerSecond }: Setting): Chains {
  const { layout, workload, precision } = scenario;
  const weightInput = { core, sorts, spec: workload, types: precision };
  const pieces = cost.uses.map((): PieceTime => ({ count: 0, bytes: 0, seconds: 0, exposedSeconds: 0 }));
  const ofUses = cost.uses.map(({ collective, group }) => rates.rate(collective, group));
  const input = { rates: ofUses, wires: cost.uses.map(({ group }) => sorts.wiresOf(group)), hostBytesPerSecond };
  const chains = cost.chains.map((chain): Chain => {
    const inRuns = chain.inRuns(runs);
    const groups = chain.kinds.map(({ weights }) => weights.map((one) => groupCost(one, weightInput)));
    const [embedding] = groups[chain.sequence[0]];
    return {
      cost: chain,
      groups,
      runs: inRuns,
      times: chain.kinds.map((kind, row) => unitTime(kind, groups[row], input, pieces, inRuns.counts[row])),
      needs: chain.kinds.map((kind, row) => unitNeed(kind, groups[row], embedding, layout, false)),
      opening: [],
    };
  });
  return { chains, rates: ofUses, pieces };
}

function answer(
  { scenario, chip, cost, rates, stageRates, sorts, core, runs, hostBytesPerSecond }: Setting,
  { chains, rates: ofUses, pieces }: Chains,
  cache: ClosedFormCache,
): ClosedForm {
  const { layout } = scenario;
  const { microbatches, pipeline } = layout;
  const stages = axisSize(layout, 'pipeline');
  const learns = chains.some((chain) => chain.cost.learns);
  const order = stages === 1 ? null : cache.pipelineOrder(pipeline.schedule, { stages, microbatches, repeats: pipeline.repeats }, learns);
  const sends = stages === 1 ? NO_SENDS : sendSeconds(chains, stageRates, runs);
  const time = stepTime({
    chains,
    layout,
    hostBytesPerSecond,
    order,
    sendSeconds: sends.seconds,
    tiedSeconds: tiedSeconds(chains, rates, stages),
  });
  const compute = computeOf(chains, layout, time.stage, stages);
  const computeSeconds = STAGES.reduce((sum, stage) => sum + compute[stage], 0);
  const waiting = serialSeconds(chains, layout, time.stage, stages) + time.waits.weights + time.waits.gradients;
  const collectives = collectiveRows({
    cost,
    rates: ofUses,
    pieces,
    sorts,
    layout,
    types: scenario.precision,
    waits: time.waits,
    stages,
  });
  if (stages > 1) collectives.push(sendRow(sends, microbatches, stages, learns));
  const devices = meshDevices(layout);
  const executedFlops = (devices / stages) * flopsOf(chains) * microbatches;
  const peakFlops = (devices / chip.devicesPerChip) * chip.matmulFlopsPerSecond * time.stepSeconds;
  return {
    stepSeconds: time.stepSeconds,
    compute,
    computeSeconds,
    communicationSeconds: collectives.reduce((sum, { seconds }) => sum + seconds, 0),
    exposedCommunicationSeconds: waiting,
    exposedHostSeconds: time.waits.host,
    bubbleSeconds: stages === 1 ? 0 : Math.max(0, time.stepSeconds - computeSeconds - waiting - time.waits.host),
    collectives,
    memory: memoryNeed(chains, cost.labels, layout, order, core.hbmBytes),
    modelFlops: cost.modelFlops,
    executedFlops,
    mfu: cost.modelFlops / peakFlops,
    hfu: executedFlops / peakFlops,
  };
}

/** What goes from run to run: bytes of one device, and how long it takes. */
export interface Sends {
  readonly bytes: number;
  readonly seconds: Float64Array;
}

const NO_SENDS: Sends = { bytes: 0, seconds: new Float64Array(0) };

/** The input of the first unit of a run comes from the run before. */
function sendSeconds(chains: readonly Chain[], rates: readonly Rate[], runs: number): Sends {
  const seconds = new Float64Array(runs);
  let most = 0;
  for (const { cost, runs: cut } of chains) {
    for (let run = 0; run + 1 < runs; run++) {
      if (cut.ofRun[run + 1].length === 0) continue;
      const [next] = cut.ofRun[run + 1];
      const { inputBytes } = cost.kinds[next.kind];
      seconds[run] += collectiveSeconds(rates[run % rates.length], inputBytes);
      most = Math.max(most, inputBytes);
    }
  }
  return { bytes: most, seconds };
}

/** Where the output matrix is the embedding's, the first and the last stage have it, and add up its gradients. */
function tiedSeconds(chains: readonly Chain[], rates: MeshRates, stages: number): Seconds {
  if (stages === 1) return 0;
  let seconds = 0;
  for (const { cost, groups } of chains) {
    if (!cost.learns) continue;
    for (const [row, { firstCopy }] of cost.kinds.entries()) {
      for (const { blocks } of groups[row].slice(firstCopy)) {
        for (const { shardGradientBytes } of blocks) {
          seconds += collectiveSeconds(rates.rate('all-reduce', { ici: ['pipeline'], dcn: ['pipeline'] }), shardGradientBytes);
        }
      }
    }
  }
  return seconds;
}

/** Calls `visit` with each kind on a stage, and how many units of it. */
function forEachBlock(chain: Chain, stage: number, stages: number, visit: (kind: number, count: number) => void): void {
  for (const { kind, count, run } of chain.runs.blocks) if (run % stages === stage) visit(kind, count);
}

function computeOf(chains: readonly Chain[], { microbatches }: LayoutSpec, stage: number, stages: number): Record<Stage, Seconds> {
  const sums = new Float64Array(STAGES.length);
  for (const chain of chains) {
    const { cost, groups } = chain;
    forEachBlock(chain, stage, stages, (row, count) => {
      const { forward, backward, ownWeights } = cost.kinds[row];
      for (let i = 0; i < sums.length; i++) sums[i] += (forward.stageSeconds[i] + backward.stageSeconds[i]) * microbatches * count;
      if (cost.learns) for (let i = 0; i < ownWeights; i++) sums[OPTIM] += groups[row][i].updateSeconds * count;
    });
  }
  const [fw, recompute, agrad, wgrad, optim] = sums;
  return { fw, recompute, agrad, wgrad, optim };
}

const OPTIM = STAGES.indexOf('optim');

/** Collectives of steps, which the next step waits for. */
function serialSeconds(chains: readonly Chain[], { microbatches }: LayoutSpec, stage: number, stages: number): Seconds {
  let seconds = 0;
  for (const chain of chains) {
    forEachBlock(chain, stage, stages, (row, count) => {
      seconds += chain.times[row].serialSeconds * count;
    });
  }
  return seconds * microbatches;
}

function flopsOf(chains: readonly Chain[]): number {
  let flops = 0;
  for (const { cost, runs } of chains) {
    for (const [row, { forward, backward }] of cost.kinds.entries()) flops += (forward.flops + backward.flops) * runs.counts[row];
  }
  return flops;
}
