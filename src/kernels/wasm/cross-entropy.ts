import type { CrossEntropyKernels } from '../cross-entropy.ts';
import { createPlainCrossEntropy } from '../plain/cross-entropy.ts';
import type { KernelMemory } from '../table.ts';
import type { WasmFunction } from './emitter.ts';

export function crossEntropyFunctions(): WasmFunction[] {
  return [];
}

export function createWasmCrossEntropy(_wasm: Record<string, unknown>, memory: KernelMemory): CrossEntropyKernels {
  return createPlainCrossEntropy(memory);
}
