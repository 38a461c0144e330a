import { f32Elements } from '../../model/index.ts';
import type { PodPlan } from './plan.ts';

/** [words of the batch, vocabulary]: the probabilities that a pod gave in its last forward pass, in the order of all words. */
export function predictionsOf(plan: PodPlan, buffer: ArrayBufferLike): Float32Array {
  const { sequences, sequenceLength, model } = plan.request;
  const count = sequences * sequenceLength;
  const all = new Float32Array(count * model.vocab);
  for (const { output, firstToken, firstWord, tokens, targets } of plan.microbatches.flat()) {
    if (output === null) continue;
    // Gradients of the logits in f32: probabilities less 1 at the target, over the words of the batch.
    const gradients = f32Elements(buffer, output.dLogits.dtype === 'f32' ? output.dLogits : output.probabilities);
    const ofTargets = new Int32Array(buffer, targets, tokens);
    const words = output.probabilities.shape[1];
    for (let token = 0; token < tokens; token++) {
      const to = (firstToken + token) * model.vocab + firstWord;
      for (let word = 0; word < words; word++) all[to + word] = gradients[token * words + word] * count;
      if (ofTargets[token] >= 0) all[to + ofTargets[token]] += 1;
    }
  }
  return all;
}

/** Hands a pod the probabilities that its next step learns from. */
export function setSoftTargets(plan: PodPlan, buffer: ArrayBufferLike, predictions: Float32Array): void {
  const { vocab } = plan.request.model;
  for (const { output, firstToken, firstWord, tokens } of plan.microbatches.flat()) {
    if (output === null || output.softTargets === null) continue;
    const own = f32Elements(buffer, output.softTargets);
    const words = output.softTargets.shape[1];
    for (let token = 0; token < tokens; token++) {
      const from = (firstToken + token) * vocab + firstWord;
      own.set(predictions.subarray(from, from + words), token * words);
    }
  }
}
