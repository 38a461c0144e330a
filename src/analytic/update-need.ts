import type { Bytes } from '../base/index.ts';
import type { LayoutSpec } from '../layout/index.ts';
import { workingOf } from './loops.ts';
import { type ChainNeed, sumOver } from './run-peak.ts';
import type { UnitNeed } from './unit-peak.ts';
import type { GroupCost } from './weight-cost.ts';

/** Updates at their fullest moment: reduced gradients that wait for theirs, and state of two groups that follow one another, on its way from and to the host. */
export interface Update {
  readonly gradients: Bytes;
  readonly state: Bytes;
  /** Copies of weights in the type of the products that nobody reads any more. */
  readonly released: Bytes;
}

export function updateOf(chains: readonly ChainNeed[], layout: LayoutSpec, stage: number, stages: number): Update {
  const { offload, microbatches } = layout;
  let gradients = 0;
  let released = 0;
  for (const chain of chains) {
    for (let run = stage; run < chain.runs.ofRun.length; run += stages) {
      gradients += sumOver(chain, chain.needs, run, doneOf);
      if (microbatches === 1) released += sumOver(chain, chain.needs, run, workingOf);
    }
  }
  const fullest = { gradients, state: 0 };
  if (offload.optimizer || offload.weights)
    for (const chain of chains) if (chain.cost.learns) overHost(chain, layout, stage, stages, fullest);
  return { gradients: fullest.gradients, state: fullest.state, released };
}

function doneOf({ doneGradients }: UnitNeed): Bytes {
  return doneGradients;
}

/** Groups in the order in which gradients were complete; `fullest` begins with all of them. */
function overHost(
  { cost, groups, runs }: ChainNeed,
  { offload, zero }: LayoutSpec,
  stage: number,
  stages: number,
  fullest: { gradients: Bytes; state: Bytes },
): void {
  let left = fullest.gradients;
  let before = 0;
  let done = 0;
  const update = ({ stateBytes, storedBytes, blocks }: GroupCost): void => {
    const state = (offload.optimizer ? stateBytes : 0) + (offload.weights ? storedBytes : 0);
    if (left + before + state > fullest.gradients + fullest.state) {
      fullest.gradients = left;
      fullest.state = before + state;
    }
    left -= done;
    done = 0;
    for (const { updateGradientBytes, keptGradientBytes } of blocks) done += zero >= 2 ? updateGradientBytes : keptGradientBytes;
    before = state;
  };
  for (let run = runs.ofRun.length - stages + stage; run >= 0; run -= stages) {
    const blocks = runs.ofRun[run];
    for (let i = blocks.length - 1; i >= 0; i--) {
      const { kind, count } = blocks[i];
      // Behind the second of equal units less is left.
      for (let unit = 0; unit < Math.min(2, count); unit++) {
        for (const { learned } of cost.kinds[kind].backward.beats) for (const row of learned) update(groups[kind][row]);
      }
      for (let row = 0; count > 2 && row < cost.kinds[kind].ownWeights; row++) {
        for (const { updateGradientBytes, keptGradientBytes } of groups[kind][row].blocks) {
          left -= (count - 2) * (zero >= 2 ? updateGradientBytes : keptGradientBytes);
        }
      }
    }
  }
}
