import type { Seconds } from '../base/index.ts';
import { axisSize } from '../layout/index.ts';
import { backward, type ChainTime, forward, type StepTime, type StepTimeInput } from './chain-time.ts';
import { createLane, type Lane, type Waits } from './lane.ts';
import { type PipelineOrder, pipelineEnds } from './pipeline-order.ts';
import { walkPipeline } from './pipeline-walk.ts';

export function stepTime(input: StepTimeInput): StepTime {
  if (input.order === null) return oneStage(input);
  return usesHost(input) ? walkPipeline(input, input.order) : pipeline(input, input.order);
}

/** Copies go on while a stage waits, so passes of a kind do not all take the same. */
function usesHost({ chains, layout: { offload } }: StepTimeInput): boolean {
  if (offload.weights || offload.optimizer) return true;
  for (const { times } of chains) for (const { offloadedSeconds } of times) if (offloadedSeconds > 0) return true;
  return false;
}

/** Microbatches between the second and the last one are alike. */
function oneStage({ chains, layout, hostBytesPerSecond }: StepTimeInput): StepTime {
  const lane = createLane(layout, hostBytesPerSecond);
  const { microbatches } = layout;
  const learns = chains.some(({ cost }) => cost.learns);
  for (let microbatch = 0; microbatch < microbatches; microbatch++) {
    const isRepeated = microbatch === 1 && microbatches > 3;
    if (isRepeated) lane.mark();
    for (const chain of chains) forward(lane, chain, 0);
    for (const chain of chains) if (chain.cost.learns) backward(lane, chain, 0, microbatch === microbatches - 1);
    if (learns) lane.endOfPass();
    if (!isRepeated) continue;
    lane.repeat(microbatches - 3);
    microbatch += microbatches - 3;
  }
  const stepSeconds = learns ? lane.update(null) : lane.now();
  return { stepSeconds, waits: lane.waits(), stage: 0 };
}

/**
 * Each pass of a run takes what it takes after another one like it; the passes of all stages follow one another as the schedule says; and behind the last
 * backward pass of a stage come what is left of its reductions, and its updates.
 */
function pipeline(input: StepTimeInput, order: PipelineOrder): StepTime {
  const { chains, layout, sendSeconds, tiedSeconds } = input;
  const stages = axisSize(layout, 'pipeline');
  const runs = sendSeconds.length;
  const times = { forward: new Float64Array(runs), backward: new Float64Array(runs), send: sendSeconds };
  const known: number[] = [];
  const passes: StagePasses[] = [];
  for (let stage = 0; stage < stages; stage++) {
    known[stage] = stageLike(chains, stage, stages, runs);
    if (known[stage] === stage) {
      passes[stage] = stagePasses(input, stage, times);
      continue;
    }
    for (let run = stage; run < runs; run += stages) {
      times.forward[run] = times.forward[run - stage + known[stage]];
      times.backward[run] = times.backward[run - stage + known[stage]];
    }
    passes[stage] = passes[known[stage]];
  }
  const ends = pipelineEnds(order, stages, times);
  const learns = chains.some(({ cost }) => cost.learns);
  // Reductions that run behind the passes are not waited for.
  const passed = (stage: number): Seconds => ends[stage] + (layout.overlap.gradients ? 0 : passes[stage].behind);
  const summed = Math.max(passed(0), passed(stages - 1)) + tiedSeconds;
  const tails: Seconds[] = [];
  const waits: Waits[] = [];
  for (let stage = 0; stage < stages; stage++) {
    const { lane, behind } = passes[stage];
    if (known[stage] < stage || !learns) {
      tails[stage] = known[stage] < stage ? tails[known[stage]] : 0;
      waits[stage] = known[stage] < stage ? waits[known[stage]] : passes[stage].waits;
      continue;
    }
    const [from, before] = [lane.now(), lane.waits()];
    const isTied = tiedSeconds > 0 && (stage === 0 || stage === stages - 1);
    // Its clock has seen a few passes only.
    lane.update(isTied ? { at: from + summed - ends[stage] - behind, isFirst: stage > 0 } : null);
    tails[stage] = behind + lane.now() - from;
    waits[stage] = added(passes[stage].waits, before, lane.waits(), 1);
  }
  let stage = 0;
  for (let one = 1; one < stages; one++) if (ends[one] + tails[one] > ends[stage] + tails[stage]) stage = one;
  return { stepSeconds: ends[stage] + tails[stage], waits: waits[stage], stage };
}

/** The first stage that has the same units in the same order. */
function stageLike(chains: readonly ChainTime[], stage: number, stages: number, runs: number): number {
  for (let other = 0; other < stage; other++) {
    let isAlike = true;
    for (const { runs: cut } of chains) {
      for (let run = stage; run < runs; run += stages) isAlike &&= cut.alike[run] === cut.alike[run - stage + other];
    }
    if (isAlike) return other;
  }
  return stage;
}

interface PassTimes {
  /** [runs] */
  readonly forward: Float64Array;
  readonly backward: Float64Array;
}

/** A stage before its updates. */
interface StagePasses {
  readonly lane: Lane;
  /** In a step. */
  readonly waits: Waits;
  /** What the last backward passes take longer than others: sums over replicas. */
  readonly behind: Seconds;
}

/** Fills in the runs of one stage. */
function stagePasses({ chains, layout, hostBytesPerSecond }: StepTimeInput, stage: number, times: PassTimes): StagePasses {
  const stages = axisSize(layout, 'pipeline');
  const runs = times.forward.length;
  const learns = chains.some(({ cost }) => cost.learns);
  const lane = createLane(layout, hostBytesPerSecond);
  let waits: Waits = { weights: 0, gradients: 0, host: 0 };
  const measure = (repeats: number, pass: () => void): Seconds => {
    const [from, before] = [lane.now(), lane.waits()];
    pass();
    waits = added(waits, before, lane.waits(), repeats);
    return lane.now() - from;
  };
  for (let run = stage; run < runs; run += stages) {
    const pass = (): void => {
      for (const chain of chains) forward(lane, chain, run);
    };
    pass();
    times.forward[run] = measure(layout.microbatches, pass);
  }
  let behind = 0;
  if (!learns) return { lane, waits, behind };
  for (let run = runs - stages + stage; run >= 0; run -= stages) {
    const pass = (last: boolean): void => {
      for (const chain of chains) if (chain.cost.learns) backward(lane, chain, run, last);
      lane.endOfPass();
    };
    pass(false);
    times.backward[run] = measure(layout.microbatches - 1, () => pass(false));
    // The last one is followed by the sums over replicas.
    behind += measure(1, () => pass(true)) - times.backward[run];
  }
  return { lane, waits, behind };
}

function added(sum: Waits, from: Waits, to: Waits, times: number): Waits {
  return {
    weights: sum.weights + (to.weights - from.weights) * times,
    gradients: sum.gradients + (to.gradients - from.gradients) * times,
    host: sum.host + (to.host - from.host) * times,
  };
}
