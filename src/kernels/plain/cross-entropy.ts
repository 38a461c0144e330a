import { f32Elements } from '../../model/index.ts';
import { type CrossEntropyKernels, crossEntropySizes, STATISTICS_PER_TOKEN } from '../cross-entropy.ts';
import { F32 } from '../numerics.ts';
import { crossEntropy, crossEntropyBackward } from '../reference/cross-entropy.ts';
import { expectTargets } from '../reference/wanted-classes.ts';
import type { KernelMemory } from '../table.ts';
import { numericsOf, readReals, writeReals } from './reals.ts';

/** The reference kernel, one token at a time. */
export function createPlainCrossEntropy(memory: KernelMemory): CrossEntropyKernels {
  return {
    crossEntropy(logits, targets, options, statistics) {
      const [tokens, vocabulary] = crossEntropySizes('crossEntropy', logits, statistics);
      const wanted = new Int32Array(memory.buffer, targets, tokens);
      expectTargets('crossEntropy', tokens, vocabulary, { ...options, targets: wanted });
      const values = f32Elements(memory.buffer, logits);
      const numbers = f32Elements(memory.buffer, statistics);
      const shape = { tokens: 1, vocabulary };
      for (let t = 0; t < tokens; t++) {
        const own = numbers.subarray(t * STATISTICS_PER_TOKEN, (t + 1) * STATISTICS_PER_TOKEN);
        const row = values.subarray(t * vocabulary, (t + 1) * vocabulary);
        const target = { ...options, targets: wanted.subarray(t, t + 1) };
        const { crossEntropySum, zLossSum } = crossEntropy(F32, shape, row, target, own.subarray(0, 2));
        own.set([crossEntropySum, zLossSum], 2);
      }
    },

    crossEntropyBackward(logits, targets, options, statistics, mean, dLogits) {
      const [tokens, vocabulary] = crossEntropySizes('crossEntropyBackward', logits, statistics, dLogits);
      const numbers = f32Elements(memory.buffer, statistics);
      const maximaThenSums = new Float32Array(2 * tokens);
      for (let t = 0; t < tokens; t++) {
        maximaThenSums[t] = numbers[t * STATISTICS_PER_TOKEN];
        maximaThenSums[tokens + t] = numbers[t * STATISTICS_PER_TOKEN + 1];
      }
      const gradient = new Float32Array(tokens * vocabulary);
      const wanted = { ...options, targets: new Int32Array(memory.buffer, targets, tokens) };
      const inputs = { logits: readReals(memory, logits), statistics: maximaThenSums, ...mean };
      crossEntropyBackward(numericsOf(dLogits.dtype), { tokens, vocabulary }, inputs, wanted, gradient);
      writeReals(memory, dLogits, gradient);
    },
  };
}
