import type { KernelMemory, KernelTable, MatmulKernels } from '../table.ts';
import { createPlainCrossEntropy } from './cross-entropy.ts';
import { createPlainGemm } from './gemm.ts';
import { createPlainMoves } from './moves.ts';
import { createPlainNoise } from './noise.ts';
import { createPlainNorms } from './norms.ts';
import { createPlainOptimizers } from './optimizers.ts';
import { createPlainSoftmax } from './softmax.ts';

/** Every kernel in TypeScript, but for the product of routers. Runs on any memory. */
export function createPlainKernels(memory: KernelMemory): Omit<KernelTable, keyof MatmulKernels | 'path'> {
  return {
    memory,
    ...createPlainGemm(memory),
    ...createPlainSoftmax(memory),
    ...createPlainNorms(memory),
    ...createPlainCrossEntropy(memory),
    ...createPlainMoves(memory),
    ...createPlainOptimizers(memory),
    ...createPlainNoise(memory),
  };
}
