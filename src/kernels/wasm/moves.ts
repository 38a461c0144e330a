import type { MoveKernels } from '../moves.ts';
import { createPlainMoves } from '../plain/moves.ts';
import type { KernelMemory } from '../table.ts';
import type { WasmFunction } from './emitter.ts';

export function movesFunctions(): WasmFunction[] {
  return [];
}

export function createWasmMoves(_wasm: Record<string, unknown>, memory: KernelMemory): MoveKernels {
  return createPlainMoves(memory);
}
