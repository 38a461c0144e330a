import type { OptimizerKernels } from '../optimizers.ts';
import type { KernelMemory } from '../table.ts';
import type { WasmFunction } from './emitter.ts';

export function optimizersFunctions(): WasmFunction[] {
  return [];
}

export function createWasmOptimizers(_wasm: Record<string, unknown>, _memory: KernelMemory): OptimizerKernels {
  return {};
}
