import type { NormKernels } from '../norms.ts';
import { createPlainNorms } from '../plain/norms.ts';
import type { KernelMemory } from '../table.ts';
import type { WasmFunction } from './emitter.ts';

export function normsFunctions(): WasmFunction[] {
  return [];
}

export function createWasmNorms(_wasm: Record<string, unknown>, memory: KernelMemory): NormKernels {
  return createPlainNorms(memory);
}
