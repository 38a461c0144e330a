import type { MoveKernels } from '../moves.ts';
import type { KernelMemory } from '../table.ts';
import type { WasmFunction } from './emitter.ts';

export function movesFunctions(): WasmFunction[] {
  return [];
}

export function createWasmMoves(_wasm: Record<string, unknown>, _memory: KernelMemory): MoveKernels {
  return {};
}
