import { BYTES_PER_ELEMENT, type Dtype } from '../../model/index.ts';
import { type Exactness, joinRanges, type TileKernel } from '../tile-kernel.ts';
import type { WasmFunction } from './emitter.ts';
import { packAcrossFunction, packAlongFunction, packEdgeFunction, packName } from './packing.ts';
import { type Tile, tilesFunction, tilesName } from './tiles.ts';

/**
 * The ways to use vector units from WebAssembly. V8 has 15 vector registers on x64: sums, one row of b, one number of a, and a product where it is not
 * fused. `wide` is written in pairs of 128-bit vectors, which V8 joins to 256-bit ones where it is asked to (its revectorizer); elsewhere it spills.
 */
export const WASM_VARIANTS = {
  'mul-add': { path: 'wasm-simd128', plain: { rows: 5, columns: 8, fused: false }, fused: null },
  fma: { path: 'wasm-relaxed-fma', plain: { rows: 5, columns: 8, fused: false }, fused: { rows: 6, columns: 8, fused: true } },
  wide: { path: 'wasm-simd256', plain: { rows: 5, columns: 16, fused: false }, fused: { rows: 6, columns: 16, fused: true } },
} as const satisfies Readonly<Record<string, WasmTiles>>;

export type WasmVariant = keyof typeof WASM_VARIANTS;

interface WasmTiles {
  /** Name for provenance. */
  readonly path: string;
  /** For any operands. */
  readonly plain: Tile;
  /** For bf16 operands; null where instructions for it are missing. */
  readonly fused: Tile | null;
}

/** Rounding once instead of twice is no difference while products are exact. */
const FUSED: Exactness = { leastExponentSum: -149 + 14, flushesSubnormals: false };
const DTYPES: readonly Dtype[] = ['f32', 'bf16'];

/** All functions that the tiles of a variant need. */
export function tileFunctions(variant: WasmVariant): WasmFunction[] {
  const { plain, fused } = WASM_VARIANTS[variant];
  const tiles: readonly Tile[] = fused === null ? [plain] : [plain, fused];
  const widths = [...new Set(tiles.flatMap(({ rows, columns }) => [rows, columns]))];
  return [
    ...tiles.flatMap((tile) => [tilesFunction(tile, false), tilesFunction(tile, true)]),
    ...DTYPES.flatMap((dtype) => [
      ...widths.flatMap((width) => [packAcrossFunction(width, dtype), packAlongFunction(width, dtype)]),
      packEdgeFunction(dtype),
    ]),
  ];
}

type Exported = (...values: number[]) => number;

/** Tile kernels over the exports of a module with `tileFunctions(variant)`; `fused` is `plain` where there is none. */
export function openTiles(variant: WasmVariant, wasm: Record<string, unknown>): { readonly plain: TileKernel; readonly fused: TileKernel } {
  const { plain, fused } = WASM_VARIANTS[variant];
  const open = (tile: Tile): TileKernel => openTile(tile, wasm as Record<string, Exported>);
  const opened = open(plain);
  return { plain: opened, fused: fused === null ? opened : open(fused) };
}

const FLOAT_BYTES = 4;

function openTile(tile: Tile, wasm: Record<string, Exported>): TileKernel {
  const { rows, columns, fused } = tile;
  const [writing, adding] = [wasm[tilesName(tile, false)], wasm[tilesName(tile, true)]];
  const packWith = (width: number): TileKernel['packLeft'] => {
    const functions = (dtype: Dtype) => ({
      along: wasm[packName('packAlong', width, dtype)],
      across: wasm[packName('packAcross', width, dtype)],
      edge: wasm[dtype === 'f32' ? 'packEdgeF32' : 'packEdgeBf16'],
    });
    const byDtype = { f32: functions('f32'), bf16: functions('bf16') };
    return ({ offset, lineBytes, depthBytes, dtype }, lines, depth, target) => {
      const { along, across, edge } = byDtype[dtype];
      const whole = Math.floor(lines / width);
      const isAlong = depthBytes === BYTES_PER_ELEMENT[dtype];
      const range = isAlong ? along(offset, lineBytes, target, depth, whole) : across(offset, depthBytes, target, depth, whole);
      const rest = lines - whole * width;
      if (rest === 0) return range;
      const from = offset + whole * width * lineBytes;
      const of = edge(from, lineBytes, depthBytes, target + whole * width * depth * FLOAT_BYTES, depth, rest, width);
      return joinRanges(range, of);
    };
  };
  return {
    rows,
    columns,
    depthStep: 1,
    elementBytes: FLOAT_BYTES,
    exactness: fused ? FUSED : null,
    packLeft: packWith(rows),
    packRight: packWith(columns),
    tiles: (left, right, c, depth, cRowBytes, rowPanels, columnPanels, addsToTarget) => {
      (addsToTarget ? adding : writing)(left, right, c, depth, cRowBytes, rowPanels, columnPanels);
    },
  };
}
