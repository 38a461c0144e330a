import type { Bytes } from '../../base/index.ts';
import type { Timed } from '../rates.ts';
import type { KernelMemory } from '../table.ts';
import type { TileKernel } from '../tile-kernel.ts';
import { moduleBytes } from './emitter.ts';
import { compileModule, instantiate, MAXIMUM_PAGES } from './host.ts';
import { LIMIT_BYTES, limitFunctions, openLimits } from './limits.ts';
import { tilesFunction } from './tiles.ts';
import { openTiles, WASM_VARIANTS, type WasmVariant } from './variants.ts';

/** What is timed before a path is chosen: the inner loops of all variants that compile here, and the loops of `limits.ts`. */
export interface Timings {
  readonly limits: readonly Timed[];
  readonly variants: readonly TimedVariant[];
}

export interface TimedVariant extends TimedTiles {
  readonly variant: WasmVariant;
}

/** Products by the two tile kernels of a path. */
export interface TimedTiles {
  readonly plain: Timed;
  readonly fused: Timed;
}

/** A product [ROWS, DEPTH] x [DEPTH, COLUMNS], rows rounded up to whole tiles: one panel of each operand fits into a first-level cache, all into a second-level one. */
const ROWS = 48;
const COLUMNS = 64;
const DEPTH = 256;
/** Tiles have no more rows. */
const HIGHEST_TILE = 16;
const FLOAT_BYTES = 4;
const LEFT_BYTES = (ROWS + HIGHEST_TILE) * DEPTH * FLOAT_BYTES;
const RIGHT_BYTES = COLUMNS * DEPTH * FLOAT_BYTES;
/** What `memory` must have. */
export const TIMING_BYTES = LIMIT_BYTES + LEFT_BYTES + RIGHT_BYTES + (ROWS + HIGHEST_TILE) * COLUMNS * FLOAT_BYTES;

/** All inner loops as one module: it is small, so that nothing has to be assembled that will not run. Throws where there is no WebAssembly SIMD. */
export function openTimings(memory: KernelMemory): Timings {
  const [wasm, names] = openInnerLoops(memory);
  new Float32Array(memory.buffer, LIMIT_BYTES, (LEFT_BYTES + RIGHT_BYTES) / FLOAT_BYTES).fill(1);
  return {
    limits: openLimits(wasm, memory, 0),
    variants: names.map((variant) => ({ variant, ...timedTiles(openTiles(variant, wasm)) })),
  };
}

/** Timed products of a path over a memory that `openTimings` has prepared. */
export function timedTiles({ plain, fused }: { readonly plain: TileKernel; readonly fused: TileKernel }): TimedTiles {
  return { plain: timedProduct(plain), fused: timedProduct(fused) };
}

function timedProduct({ rows, columns, tiles }: TileKernel): Timed {
  const left: Bytes = LIMIT_BYTES;
  const right = left + LEFT_BYTES;
  const target = right + RIGHT_BYTES;
  const rowPanels = Math.ceil(ROWS / rows);
  const run = (): void => tiles(left, right, target, DEPTH, COLUMNS * FLOAT_BYTES, rowPanels, COLUMNS / columns, false);
  return { run, flops: 2 * rowPanels * rows * COLUMNS * DEPTH };
}

/** Exports of the module, and which variants it has: engines without relaxed SIMD refuse a module that holds any fused tile. */
function openInnerLoops(memory: KernelMemory): [Record<string, unknown>, WasmVariant[]] {
  const open = (names: readonly WasmVariant[], fused: boolean) => {
    const tiles = names.flatMap((name) => [WASM_VARIANTS[name].plain, WASM_VARIANTS[name].fused ?? []].flat());
    const byShape = [...new Map(tiles.map((tile) => [JSON.stringify(tile), tile])).values()];
    const functions = [...limitFunctions(fused), ...byShape.map((tile) => tilesFunction(tile, false))];
    return instantiate(compileModule(moduleBytes(functions, MAXIMUM_PAGES)), memory);
  };
  const all = Object.keys(WASM_VARIANTS) as WasmVariant[];
  try {
    return [open(all, true), all];
  } catch {
    const plain = all.filter((name) => WASM_VARIANTS[name].fused === null);
    return [open(plain, false), plain];
  }
}
