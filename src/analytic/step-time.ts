import type { Seconds } from '../base/index.ts';
import { axisSize } from '../layout/index.ts';
import { backward, type ChainTime, forward, type StepTime, type StepTimeInput } from './chain-time.ts';
import { createLane, type Waits } from './lane.ts';
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
  const stepSeconds = learns ? lane.update() : lane.now();
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
  const waits: Waits[] = [];
  const tails: Seconds[] = [];
  for (let stage = 0; stage < stages; stage++) {
    const known = stageLike(chains, stage, stages, runs);
    if (known < stage) {
      for (let run = stage; run < runs; run += stages) {
        times.forward[run] = times.forward[run - stage + known];
        times.backward[run] = times.backward[run - stage + known];
      }
      tails[stage] = tails[known];
      waits[stage] = waits[known];
      continue;
    }
    const own = stageTime(input, stage, times);
    tails[stage] = own.tail;
    waits[stage] = own.waits;
  }
  const ends = pipelineEnds(order, stages, times);
  if (tiedSeconds > 0) {
    const together = Math.max(ends[0], ends[stages - 1]) + tiedSeconds;
    ends[0] = together;
    ends[stages - 1] = together;
    for (const stage of [0, stages - 1]) waits[stage] = { ...waits[stage], gradients: waits[stage].gradients + tiedSeconds };
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

/** Fills in the runs of one stage; returns what it waits for in a step, and what follows its last backward pass. */
function stageTime(
  { chains, layout, hostBytesPerSecond }: StepTimeInput,
  stage: number,
  times: PassTimes,
): { readonly waits: Waits; readonly tail: Seconds } {
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
  if (!learns) return { waits, tail: 0 };
  let tail = 0;
  for (let run = runs - stages + stage; run >= 0; run -= stages) {
    const pass = (last: boolean): void => {
      for (const chain of chains) if (chain.cost.learns) backward(lane, chain, run, last);
      lane.endOfPass();
    };
    pass(false);
    times.backward[run] = measure(layout.microbatches - 1, () => pass(false));
    // The last one is followed by the sums over replicas.
    tail += measure(1, () => pass(true)) - times.backward[run];
  }
  tail += measure(1, () => lane.update());
  return { waits, tail };
}

function added(sum: Waits, from: Waits, to: Waits, times: number): Waits {
  return {
    weights: sum.weights + (to.weights - from.weights) * times,
    gradients: sum.gradients + (to.gradients - from.gradients) * times,
    host: sum.host + (to.host - from.host) * times,
  };
}
