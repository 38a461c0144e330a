import { f32Elements } from '../../model/index.ts';
import { placeOfSequence } from './corpus.ts';
import { switchSubLayers } from './outcome.ts';
import type { PodPlan } from './plan.ts';

/** What an evaluation found, read from the memory of a pod. */
export interface PodEvaluation {
  /** Mean over the words of the batch; [texts] the same of each text, NaN where the batch had none of it. */
  readonly crossEntropy: number;
  readonly ofTexts: readonly number[];
  /** [Switch layers][texts][experts]: choices that each expert got of the words of each text. */
  readonly kept: readonly (readonly (readonly number[])[])[];
}

const HELD_OUT = { step: 0, training: false };

export function evaluationOf(plan: PodPlan, buffer: ArrayBufferLike): PodEvaluation {
  const { sequences, sequenceLength } = plan.request;
  const textOf = Array.from({ length: sequences }, (_, sequence) => placeOfSequence(plan, HELD_OUT, sequence).text);
  const sums = plan.corpus.texts.map(() => 0);
  for (const { output, firstToken } of plan.microbatches.flat()) {
    if (output === null) continue;
    for (const [token, loss] of f32Elements(buffer, output.losses).entries()) {
      sums[textOf[Math.floor((firstToken + token) / sequenceLength)]] += loss;
    }
  }
  const words = sums.map((_, text) => textOf.filter((one) => one === text).length * sequenceLength);
  return {
    crossEntropy: sums.reduce((sum, one) => sum + one, 0) / (sequences * sequenceLength),
    ofTexts: sums.map((sum, text) => sum / words[text]),
    kept: plan.layers.flatMap((kind, layer) => (kind === 'switch' ? [keptByText(plan, buffer, layer, textOf)] : [])),
  };
}

function keptByText(plan: PodPlan, buffer: ArrayBufferLike, layer: number, textOf: readonly number[]): number[][] {
  const { model, routing, sequenceLength } = plan.request;
  const experts = model.moe?.experts ?? 0;
  const kept = plan.corpus.texts.map(() => new Array<number>(experts).fill(0));
  for (const { sublayer, firstToken } of switchSubLayers(plan, layer)) {
    const slots = sublayer.groups.length * routing.expertCapacity;
    for (const [slot, token] of new Int32Array(buffer, sublayer.slotToken, experts * slots).entries()) {
      if (token >= 0) kept[textOf[Math.floor((firstToken + token) / sequenceLength)]][Math.floor(slot / slots)]++;
    }
  }
  return kept;
}
