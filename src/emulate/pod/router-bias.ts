import type { Phase } from '../../kernels/index.ts';
import { f32Elements, type TensorView } from '../../model/index.ts';
import { updateBias } from '../../routing/index.ts';
import { batchGroup, countsOver, type Fellows } from './cores.ts';
import { allReduce } from './exchange.ts';
import { isHealthy } from './health.ts';
import { onEachCore, type Pod } from './open-pod.ts';
import type { CorePlan } from './plan.ts';
import { switchScratch } from './switch-routing.ts';
import { clear } from './weights.ts';

/** Wang et al. 2024, arXiv 2408.15664, section 4.1. */
const RATE = 1e-3;

/**
 * After an update, where the router balances by a bias: choices of the whole batch are counted, and every core that has the layer moves its bias by the same counts. A bias is state of
 * a layer, and no gradient reaches it.
 */
export function updateBiases(pod: Pod): Phase[] {
  const group = batchGroup(pod.plan.request.layout);
  const fellows: Fellows = { ...pod.fellows(group), name: countsOver(group) };
  return pod.plan.layers.flatMap((_, layer) => {
    const holders = { ...pod, active: pod.active.filter(({ biases }) => biases[layer] !== null) };
    if (holders.active.length === 0) return [];
    return [
      onEachCore(holders, `choices of layer ${layer}`, (core) => countChoices(pod, core, layer)),
      ...allReduce(holders, fellows, choicesOf),
      onEachCore(holders, `bias of layer ${layer}`, (core) => {
        const bias = core.biases[layer];
        if (bias === null || !isHealthy(pod.plan, pod.buffer)) return;
        const values = f32Elements(pod.buffer, bias);
        values.set(updateBias(values, f32Elements(pod.buffer, choicesOf(core)), RATE));
      }),
    ];
  });
}

/** Those that ask for an expert, in all microbatches; whole numbers, so that the order of a sum does not matter. */
function countChoices(pod: Pod, { core, scratch }: CorePlan, layer: number): void {
  const { plan, buffer } = pod;
  const choices = choicesOf({ scratch });
  clear(pod, choices);
  const counts = f32Elements(buffer, choices);
  for (const cores of plan.microbatches) {
    const sublayer = cores[core].sublayers[2 * layer + 1];
    if (sublayer?.kind !== 'switch') continue;
    for (const { expert, requested, rows } of sublayer.groups) {
      const asked = new Uint8Array(buffer, requested, rows);
      const experts = new Int32Array(buffer, expert, rows);
      for (let row = 0; row < rows; row++) if (asked[row] === 1) counts[experts[row]]++;
    }
  }
}

function choicesOf(core: Pick<CorePlan, 'scratch'>): TensorView {
  const { choices } = switchScratch(core);
  if (choices === null) throw new Error('a router without a bias');
  return choices;
}
