import { compute, type Step, type Tensor } from '../../block.ts';
import type { Stage } from '../../program.ts';
import type { SwitchNumbers } from '../switch-numbers.ts';
import { copyOut, copyOutBackward, NO_WEIGHT_GRADIENTS, routeIndices, weighIn, weighInBackward } from '../token-copies.ts';
import type { Dispatch } from './dispatch.ts';

/** A compare-exchange of two (expert, token) pairs: one comparison and four selections. */
const COMPARE_EXCHANGE_OPS = 5;
const COUNT_BYTES = 4;

/**
 * No slots (MegaBlocks, Gale et al. 2022, arXiv 2211.15841): choices are sorted by expert, only real rows travel, and experts are grouped products over as
 * many rows as they got. Nothing is dropped, and the device of a hot expert is late. The devices tell each other how many rows each expert gets, and
 * sort what arrives from several sources by expert again, as in AI-Hypercomputer/maxtext@04b16f6 MaxText/layers/moe.py (permute, local_permute, unpermute).
 *   sent [choices, d]
 */
export const dropless: Dispatch = {
  send: (n) => [
    compute('fw', 'router', 'sort', {
      vectorOps: (COMPARE_EXCHANGE_OPS / 2) * n.choices * sortingStages(n.choices) + n.choices,
      // Pairs of 32-bit numbers in and out; what is sorted stays in the core's own memory.
      hbmBytes: 16 * n.choices,
    }),
    ...countsToAll(n),
    copyOut(n, 'permute', 0),
  ],
  regroup,
  combine: (n) => [weighIn(n, 'unpermute')],
  combineBackward: (n) => weighInBackward(n, 0),
  sendBackward: (n) => [copyOutBackward(n, 'unpermute')],
  weightGradients: () => NO_WEIGHT_GRADIENTS,
  routes: routeIndices,
  workingForward: regroupBuffer,
  workingBackward: regroupBuffer,
};

/** Stages of a bitonic sorting network over n keys (Batcher 1968): p (p + 1) / 2 for n up to 2 to the p. */
function sortingStages(n: number): number {
  let p = 0;
  for (let size = 1; size < n; size *= 2) p++;
  return (p * (p + 1)) / 2;
}

/** [members, E] counts on every device, from which all offsets follow. */
function countsToAll({ exchange, E }: SwitchNumbers): Step[] {
  if (exchange === null) return [];
  const { axis, members } = exchange;
  const bytes = COUNT_BYTES * E * members;
  return [
    {
      kind: 'collective',
      name: 'all-gather of counts',
      part: 'dispatch',
      stage: 'fw',
      collective: 'all-gather',
      meshAxis: axis,
      bytes,
      traffic: null,
    },
  ];
}

/** What comes from each source is sorted by expert, but the sources stand one behind the other; a lone expert does not mind. */
function regroups({ exchange, L }: SwitchNumbers): boolean {
  return exchange !== null && L > 1;
}

function regroup(n: SwitchNumbers, stage: Stage): Step[] {
  return regroups(n) ? [compute(stage, 'dispatch', 'regroup', { hbmBytes: 2 * n.a * n.received + COUNT_BYTES * n.rows })] : [];
}

/** Received rows before and after. */
function regroupBuffer(n: SwitchNumbers): Tensor[] {
  return regroups(n) ? [{ name: 'regrouped rows', bytes: n.a * n.received }] : [];
}
