import { combineBackwardSizes, combineSizes, convertSizes, gatherSizes, scatterSizes } from '../move-checks.ts';
import type { MoveKernels } from '../moves.ts';
import { createPlainMoves } from '../plain/moves.ts';
import type { KernelMemory } from '../table.ts';
import { combineRowsFunction } from './combine-rows.ts';
import type { WasmFunction } from './emitter.ts';
import { combineBackwardFunction, convertFunction, gatherRowsFunction, scatterAddRowsFunction } from './row-moves.ts';
import { nameOf } from './row-sweep.ts';

type MoveFunction = (...addressesAndCounts: number[]) => void;

export function movesFunctions(): WasmFunction[] {
  return (['f32', 'bf16'] as const).flatMap((dtype) => [
    gatherRowsFunction(dtype),
    combineRowsFunction(dtype),
    combineBackwardFunction(dtype),
    scatterAddRowsFunction(dtype),
    convertFunction(dtype),
  ]);
}

export function createWasmMoves(exports: Record<string, unknown>, memory: KernelMemory): MoveKernels {
  const wasm = exports as Record<string, MoveFunction>;
  const plain = createPlainMoves(memory);
  return {
    gatherRows(source, rows, target) {
      const sizes = gatherSizes(memory, source, rows, target);
      wasm[nameOf('gatherRows', target.dtype)](source.offset, rows, target.offset, sizes.rows, sizes.width);
    },
    combineRows(source, starts, rows, weights, target, adds) {
      const sizes = combineSizes(memory, source, starts, rows, target);
      const [weighted, list] = weights === null ? [0, 0] : [1, weights];
      wasm[nameOf('combineRows', target.dtype)](
        source.offset,
        starts,
        rows,
        weighted,
        list,
        target.offset,
        Number(adds),
        sizes.rows,
        sizes.width,
      );
    },
    combineRowsBackward(source, dTarget, tokens, weights, dSource, dWeights) {
      const sizes = combineBackwardSizes(memory, source, dTarget, tokens, dSource);
      const run = wasm[nameOf('combineRowsBackward', source.dtype)];
      run(source.offset, dTarget.offset, tokens, weights, dSource.offset, dWeights, sizes.rows, sizes.width);
    },
    scatterAddRows(source, rows, target) {
      const sizes = scatterSizes(memory, source, rows, target);
      wasm[nameOf('scatterAddRows', source.dtype)](source.offset, rows, target.offset, sizes.rows, sizes.width);
    },
    convert(source, target) {
      if (source.dtype === target.dtype) plain.convert(source, target);
      else wasm[nameOf('convert', source.dtype)](source.offset, target.offset, convertSizes(source, target));
    },
  };
}
