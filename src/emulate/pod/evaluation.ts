import { f32Elements } from '../../model/index.ts';
import { placeOfSequence } from './corpus.ts';
import { switchSubLayers } from './outcome.ts';
import type { PodPlan } from './plan.ts';

/** What a batch of held-out text gave, read from the memory of a pod. */
export interface PodEvaluation {
  /** [texts]: sums over the words of each text, and how many words these are. */
  readonly losses: readonly number[];
  readonly words: readonly number[];
  /** [Switch layers][texts][experts]: choices that each expert got of the words of each text. */
  readonly kept: readonly (readonly (readonly number[])[])[];
}

export function evaluationOf(plan: PodPlan, buffer: ArrayBufferLike, batch: number): PodEvaluation {
  const { sequences, sequenceLength } = plan.request;
  const number = { step: batch, training: false };
  const textOf = Array.from({ length: sequences }, (_, sequence) => placeOfSequence(plan, number, sequence).text);
  const losses = plan.corpus.texts.map(() => 0);
  for (const { output, firstToken } of plan.microbatches.flat()) {
    if (output === null) continue;
    for (const [token, loss] of f32Elements(buffer, output.losses).entries()) {
      losses[textOf[Math.floor((firstToken + token) / sequenceLength)]] += loss;
    }
  }
  return {
    losses,
    words: losses.map((_, text) => textOf.filter((one) => one === text).length * sequenceLength),
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
