import { type SoftmaxKernels, softmaxRows } from '../softmax.ts';
import type { KernelMemory } from '../table.ts';

export function createPlainSoftmax(memory: KernelMemory): SoftmaxKernels {
  return {
    softmax: (logits, firstColumn, probabilities, statistics) => softmaxRows(memory, logits, firstColumn, probabilities, statistics),
  };
}
