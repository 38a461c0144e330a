import type { OptimizerKernels } from '../optimizers.ts';
import type { KernelMemory } from '../table.ts';

export function createPlainOptimizers(_memory: KernelMemory): OptimizerKernels {
  return {};
}
