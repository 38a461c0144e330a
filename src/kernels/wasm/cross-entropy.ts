import type { CrossEntropyKernels } from '../cross-entropy.ts';
import type { KernelMemory } from '../table.ts';
import type { WasmFunction } from './emitter.ts';

export function crossEntropyFunctions(): WasmFunction[] {
  return [];
}

export function createWasmCrossEntropy(_wasm: Record<string, unknown>, _memory: KernelMemory): CrossEntropyKernels {
  return {};
}
