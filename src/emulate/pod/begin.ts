import { drawWords, inverseNormalCdf, Purpose } from '../../base/index.ts';
import { type Phase, type Step, stepOf } from '../../kernels/index.ts';
import { f32Elements } from '../../model/index.ts';
import { readText } from './corpus.ts';
import { move } from './exchange.ts';
import { setUpdatesDone } from './health.ts';
import { firstHolder } from './holders.ts';
import { onEachCore, type Pod } from './open-pod.ts';
import { keptTensors } from './optimizer-state.ts';
import type { HeldParameter } from './plan.ts';
import type { StepNumber } from './step-number.ts';
import { beginsWithZero, clear, heldAt } from './weights.ts';

/** Before the first step: weights by their place in the whole matrix, so that every layout begins with the same ones; what the optimizer keeps is 0. */
export function openPodBegin(pod: Pod): Step {
  const { plan, buffer } = pod;
  const identity: Phase = {
    items: 1,
    run: () => {
      new Int32Array(buffer, plan.identity, plan.identityCount).forEach((_, row, own) => {
        own[row] = row;
      });
      setUpdatesDone(plan, buffer, 0);
    },
    name: () => 'row numbers and number of updates',
  };
  const weights = onEachCore(pod, 'first weights', ({ core, held, biases }) => {
    for (const bias of biases) if (bias !== null) clear(pod, bias);
    for (const [index, one] of held.entries()) {
      if (one === null) continue;
      if (firstHolder(pod.cores, index, core) === core) fillStored(pod, index, one);
      for (const { view } of keptTensors(one)) clear(pod, view);
    }
  });
  const copies = onEachCore(pod, 'copies of first weights', ({ core, held }) => {
    for (const [index, one] of held.entries()) {
      if (one === null) continue;
      move(pod, heldAt(pod.cores[firstHolder(pod.cores, index, core)], index).stored, one.stored);
      if (one.sent.offset !== one.stored.offset) pod.table.convert(one.stored, one.sent);
    }
  });
  return stepOf([identity, weights, copies]);
}

/** The numbers of a core's shard: it is a range of its part of the matrix, row by row. */
function fillStored({ plan, buffer }: Pod, index: number, held: HeldParameter): void {
  const { matrix, deviation } = plan.parameters[index];
  const stored = f32Elements(buffer, held.stored);
  if (deviation === null || deviation === 0) {
    stored.fill(deviation ?? 1);
    return;
  }
  const whole = held.working.shape;
  const [rows, columns] = whole.slice(-2);
  const from = held.shardIndex * stored.length;
  let drawn = -1;
  let values: Float32Array = new Float32Array(0);
  for (let i = 0; i < stored.length; i++) {
    const place = from + i;
    const row = Math.floor(place / columns);
    const copy = held.first.copy + Math.floor(row / rows);
    const globalRow = copy * matrix.rows + held.first.row + (row % rows);
    if (globalRow !== drawn) values = normalRow(plan.request.seed, index, globalRow, matrix.columns, deviation);
    drawn = globalRow;
    stored[i] = values[held.first.column + (place % columns)];
  }
}

const TWO_DEVIATIONS = 2;
const WORD_RANGE = 0x1_0000_0000;

/** Normal numbers without those beyond two deviations, which are drawn again (Switch Transformers, arXiv 2101.03961v3, section 2.4). */
function normalRow(seed: number, parameter: number, row: number, columns: number, deviation: number): Float32Array {
  const words = new Uint32Array(4);
  const values = new Float32Array(columns);
  let at = 0;
  for (let block = 0; at < columns; block++) {
    drawWords(words, { seed, purpose: Purpose.firstWeights, layer: parameter, token: row }, block);
    for (const word of words) {
      const value = inverseNormalCdf((word + 0.5) / WORD_RANGE);
      if (value < -TWO_DEVIATIONS || value > TWO_DEVIATIONS || at === columns) continue;
      values[at++] = deviation * value;
    }
  }
  return values;
}

/** Before every step: gradients of 0, and the words of the batch. */
export function beginStep(pod: Pod, number: StepNumber): Phase[] {
  return [
    onEachCore(pod, 'beginning of the step', ({ core, held }) => {
      for (const [index, one] of held.entries()) {
        if (one !== null && one.shards === 1 && beginsWithZero(pod.plan.parameters[index])) clear(pod, one.gradient);
      }
      for (const cores of pod.plan.microbatches) readText(pod.plan, pod.buffer, number, cores[core]);
    }),
  ];
}
