import { createBlockedGemm, type GemmEngine } from '../blocked-gemm.ts';
import type { GemmKernels } from '../gemm.ts';
import { openEpilogue } from '../plain/epilogue.ts';
import type { KernelMemory } from '../table.ts';
import type { TileKernel } from '../tile-kernel.ts';

/** The blocked product with the tiles of a path. */
export function createWasmGemm(tiles: { readonly plain: TileKernel; readonly fused: TileKernel }, memory: KernelMemory): GemmKernels {
  return createBlockedGemm({ ...tiles, memory, finish: finishPlainly(memory) });
}

/** Element by element. */
function finishPlainly(memory: KernelMemory): GemmEngine['finish'] {
  return ({ target, epilogue }, { row, column, rows, columns }, sums, sumBytes) => {
    const finish = openEpilogue(memory, target, epilogue);
    for (let i = 0; i < rows; i++) {
      const values = new Float32Array(memory.buffer, sums + i * sumBytes, columns);
      for (let j = 0; j < columns; j++) finish(row + i, column + j, values[j]);
    }
  };
}
