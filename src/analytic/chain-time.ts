import type { BytesPerSecond, Seconds } from '../base/index.ts';
import type { LayoutSpec } from '../layout/index.ts';
import type { ChainRuns } from './blocks.ts';
import type { Lane, Waits } from './lane.ts';
import type { PipelineOrder } from './pipeline-order.ts';
import type { ChainCost } from './step-cost.ts';
import type { UnitTime } from './unit-time.ts';

/** A chain over given wires. */
export interface ChainTime {
  readonly cost: ChainCost;
  /** By kind. */
  readonly times: readonly UnitTime[];
  readonly runs: ChainRuns;
}

/** When a step ends, and what its computations waited for. */
export interface StepTime {
  readonly stepSeconds: Seconds;
  readonly waits: Readonly<Waits>;
  /** The stage that ends last. */
  readonly stage: number;
}

export interface StepTimeInput {
  readonly chains: readonly ChainTime[];
  readonly layout: LayoutSpec;
  readonly hostBytesPerSecond: BytesPerSecond;
  /** Null for one stage. */
  readonly order: PipelineOrder | null;
  /** [runs]: from each to the next one. */
  readonly sendSeconds: Float64Array;
  /** Both ends of a pipeline add up the gradients of a matrix that they share. */
  readonly tiedSeconds: Seconds;
}

/** The units of a run on the clock of its stage, first to last. */
export function forward(lane: Lane, { cost, times, runs }: ChainTime, run: number): void {
  for (const { kind, count } of runs.ofRun[run]) lane.forward(times[kind], count, cost.learns);
}

/** Their backward passes, last to first; `last`: of the last microbatch. */
export function backward(lane: Lane, { cost, times, runs }: ChainTime, run: number, last: boolean): void {
  const blocks = runs.ofRun[run];
  for (let i = blocks.length - 1; i >= 0; i--) {
    const { kind, count } = blocks[i];
    // A loop begins with nothing of its first turn under way.
    const goesOn = i > 0 && cost.kinds[blocks[i - 1].kind].loop === cost.kinds[kind].loop;
    lane.backward(times[kind], count, goesOn ? times[blocks[i - 1].kind] : null, last);
  }
}
