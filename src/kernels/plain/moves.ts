import type { MoveKernels } from '../moves.ts';
import type { KernelMemory } from '../table.ts';

export function createPlainMoves(_memory: KernelMemory): MoveKernels {
  return {};
}
