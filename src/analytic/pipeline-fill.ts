import type { Bytes } from '../base/index.ts';
import type { PipelineOrder } from './pipeline-order.ts';

/** A pass through a run of a stage, and what other microbatches have there meanwhile. */
export interface RunMoment {
  readonly run: number;
  readonly backward: boolean;
  /** Runs of the stage, and how many other microbatches each holds. */
  readonly runs: readonly number[];
  readonly others: readonly number[];
  /** Bytes of these, and gradients of runs that an earlier microbatch has come back through. */
  readonly beside: Bytes;
  readonly keptGradients: Bytes;
  /** Stacks of gradients that its loop opens. */
  readonly opened: Bytes;
}

/** What the runs of a stage keep, by row of them. */
export interface RunBytes {
  /** Of each microbatch, from its forward to its backward pass. */
  readonly held: readonly Bytes[];
  /** Gradients between microbatches; and those of them that are stacks of a loop, which are there from the start of the first backward pass. */
  readonly kept: readonly Bytes[];
  readonly stacks: readonly Bytes[];
}

/** Of each run of a stage, the passes during which most is there of other microbatches: forward, the first one backward, and the others backward. */
export function fullestMoments(
  order: PipelineOrder,
  stage: number,
  runs: readonly number[],
  { held, kept, stacks }: RunBytes,
): RunMoment[] {
  const under = runs.map(() => 0);
  const most: (RunMoment | undefined)[] = [];
  const returned = runs.map(() => false);
  let beside = 0;
  let keptGradients = 0;
  for (let i = 0; i < order.count; i++) {
    if (order.stage[i] !== stage) continue;
    const row = runs.indexOf(order.run[i]);
    const backward = order.backward[i] === 1;
    if (backward) {
      under[row]--;
      beside -= held[row];
    }
    const opens = backward && !returned[row];
    const place = 3 * row + (opens ? 2 : order.backward[i]);
    const known = most[place];
    if (known === undefined || beside + keptGradients > known.beside + known.keptGradients) {
      most[place] = { run: runs[row], backward, runs, others: [...under], beside, keptGradients, opened: opens ? stacks[row] : 0 };
    }
    if (backward) {
      keptGradients += opens ? kept[row] : 0;
      returned[row] = true;
      continue;
    }
    under[row]++;
    beside += held[row];
  }
  return most.filter((one) => one !== undefined);
}
