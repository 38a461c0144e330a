import { drawWords, inverseNormalCdf, Purpose } from '../../base/index.ts';
import { type Phase, type Step, stepOf } from '../../kernels/index.ts';
import { axisSize } from '../../layout/index.ts';
import { f32Elements } from '../../model/index.ts';
import { move } from './exchange.ts';
import { onEachCore, type Pod } from './open-pod.ts';
import type { CorePlan, HeldParameter } from './plan.ts';
import type { StepNumber } from './switch-routing.ts';
import { clear, heldAt } from './weights.ts';

/** Before the first step: weights by their place in the whole matrix, so that every layout begins with the same ones; moments of 0. */
export function openPodBegin(pod: Pod): Step {
  const { plan, buffer } = pod;
  const identity: Phase = {
    items: 1,
    run: () => {
      new Int32Array(buffer, plan.identity, plan.identityCount).forEach((_, row, own) => {
        own[row] = row;
      });
    },
    name: () => 'row numbers',
  };
  const weights = onEachCore(pod, 'first weights', ({ core, held }) => {
    for (const [index, one] of held.entries()) {
      if (one === null) continue;
      if (firstHolder(pod, index, core) === core) fillStored(pod, index, one);
      clear(pod, one.firstMoment);
      clear(pod, one.secondMoment);
    }
  });
  const copies = onEachCore(pod, 'copies of first weights', ({ core, held }) => {
    for (const [index, one] of held.entries()) {
      if (one === null) continue;
      move(pod, heldAt(pod.cores[firstHolder(pod, index, core)], index).stored, one.stored);
      if (one.sent.offset !== one.stored.offset) pod.table.convert(one.stored, one.sent);
    }
  });
  return stepOf([identity, weights, copies]);
}

/** The first of the cores that store the same numbers of a parameter. */
function firstHolder({ cores }: Pod, index: number, core: number): number {
  const { shardIndex, first } = heldAt(cores[core], index);
  return cores.findIndex(({ held }) => {
    const other = held[index];
    if (other === null) return false;
    const { copy, row, column } = other.first;
    return other.shardIndex === shardIndex && copy === first.copy && row === first.row && column === first.column;
  });
}

/** The numbers of a core's shard: it is a range of its part of the matrix, row by row. */
function fillStored({ plan, buffer }: Pod, index: number, held: HeldParameter): void {
  const { matrix, deviation } = plan.parameters[index];
  const stored = f32Elements(buffer, held.stored);
  if (deviation === null) {
    stored.fill(1);
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
      for (const one of held) if (one !== null && one.shards === 1) clear(pod, one.gradient);
      for (const cores of pod.plan.microbatches) readText(pod, number, cores[core]);
    }),
  ];
}

/** Sequences of a step begin anywhere in the text, wherever they are read. */
function readText({ plan, buffer }: Pod, { step }: StepNumber, core: CorePlan): void {
  const { model, layout, sequenceLength, seed } = plan.request;
  const text = new Uint8Array(buffer, plan.corpus.offset, plan.corpus.bytes);
  const { tokens } = core;
  const [ids, targets, places] = [core.ids, core.targets, core.places].map((list) => new Int32Array(buffer, list, tokens));
  const words = model.vocab / axisSize(layout, 'tensor');
  const local = (word: number): number => (word >= core.firstWord && word < core.firstWord + words ? word - core.firstWord : -1);
  const drawn = new Uint32Array(4);
  for (let sequence = 0; sequence < tokens / sequenceLength; sequence++) {
    drawWords(drawn, { seed, purpose: Purpose.textPlace, step, layer: 0, token: core.firstSequence + sequence }, 0);
    const from = Math.floor((drawn[0] / WORD_RANGE) * (text.length - sequenceLength));
    for (let place = 0; place < sequenceLength; place++) {
      const at = sequence * sequenceLength + place;
      ids[at] = local(text[from + place]);
      targets[at] = local(text[from + place + 1]);
      places[at] = place;
    }
  }
}
