import { assert } from '../base/index.ts';
import { elementCount, type TensorView } from '../model/index.ts';
import type { GemmCall, GemmKernels, Matrix, Region } from './gemm.ts';
import { KC, openOperands, type PackedOperands, type PackingPlan, padded } from './packed-operands.ts';
import { gemmSizes } from './plain/gemm.ts';
import type { KernelMemory } from './table.ts';
import type { TileKernel } from './tile-kernel.ts';

/**
 * The matrix product in blocks that fit into caches (Goto and van de Geijn 2008, doi 10.1145/1356052.1356053), over any tile kernel.
 *
 * Columns are taken in blocks, and below them rows. While k is at most DEEPEST, each block of columns of the right operand is packed once, and each block of rows
 * of the left one once for all columns where all of them have room, else once per block of columns; a deeper k is taken in turns, which pack both anew. Packed
 * operands lie in parts of KC of k. Sums of a block stay in scratch until all of k is through, then `finish` applies the epilogue; sums that nothing is done to
 * are written where they belong at once.
 *
 * For bf16 operands the fused kernel runs, unless packing finds operands for which its bits are not those of separate rounding: then the plain one does.
 */
export interface GemmEngine {
  readonly memory: KernelMemory;
  readonly plain: TileKernel;
  /** `plain` where there is no other. */
  readonly fused: TileKernel;
  /** Applies the epilogue to a region of the target; its sums (f32) begin at `sums` and have rows `sumBytes` apart. */
  readonly finish: (call: GemmCall, region: Region, sums: number, sumBytes: number) => void;
}

const FLOAT_BYTES = 4;
/** KC of these rows take 288 KiB of a second-level cache. */
const MOST_ROWS = 192;
const MOST_COLUMNS = 768;
const LEAST_COLUMNS = 64;
/** Most floats of the right operand that are packed at a time. */
const RIGHT_ELEMENTS = MOST_COLUMNS * MOST_COLUMNS;
/** The same where all of the left operand is packed: half a MiB, so that what was packed is still in a second-level cache when it is read. */
const NEAR_ELEMENTS = 1 << 17;
const DEEPEST = RIGHT_ELEMENTS / LEAST_COLUMNS;
/** Tiles have no more rows; blocks of rows are padded to whole tiles. */
const HIGHEST_TILE = 16;
/** 10 MiB: 640 rows of 3,072, in blocks. */
const LEFT_ELEMENTS = 5 << 19;
const SUM_ELEMENTS = (MOST_ROWS + HIGHEST_TILE) * MOST_COLUMNS;
/** Panels begin with a cache line, or vectors of half a line would lie across two. */
const CACHE_LINE = 64;
export const GEMM_SCRATCH_ELEMENTS = SUM_ELEMENTS + LEFT_ELEMENTS + RIGHT_ELEMENTS + CACHE_LINE / FLOAT_BYTES;

export function createBlockedGemm(engine: GemmEngine): GemmKernels {
  const words = new Uint32Array(engine.memory.buffer, 0, Math.floor(engine.memory.buffer.byteLength / FLOAT_BYTES));
  return { gemmScratchElements: GEMM_SCRATCH_ELEMENTS, gemm: (call, scratch) => multiply(engine, words, call, scratch) };
}

function multiply(engine: GemmEngine, words: Uint32Array, call: GemmCall, scratch: TensorView): void {
  const [m, k, n] = gemmSizes(call);
  assert(elementCount(scratch.shape) >= GEMM_SCRATCH_ELEMENTS, `gemm: scratch of ${scratch.shape.join(' x ')}`);
  const sums = padded(scratch.offset, CACHE_LINE);
  const left = sums + SUM_ELEMENTS * FLOAT_BYTES;
  const { rows, columns, blockBytes } = blockSizes(m, k, engine.fused.rows);
  const packed = openOperands(engine, call, { left, right: left + LEFT_ELEMENTS * FLOAT_BYTES, rows, blockBytes });
  for (let column = 0; column < n; column += columns) {
    for (let row = 0; row < m; row += rows) {
      const region = { row, column, rows: Math.min(rows, m - row), columns: Math.min(columns, n - column) };
      multiplyRegion(engine, words, call, k, region, packed, sums);
    }
  }
}

/**
 * Rows (whole tiles) and columns of a block. Where there is room for all of the left operand it is packed once, and columns are few; else it is packed anew
 * for every block of columns, so these are many.
 */
function blockSizes(m: number, k: number, tileRows: number): Pick<PackingPlan, 'rows' | 'blockBytes'> & { readonly columns: number } {
  const depth = padded(Math.max(1, Math.min(k, DEEPEST)), 2);
  const columnsWithin = (elements: number): number =>
    Math.min(MOST_COLUMNS, Math.max(LEAST_COLUMNS, Math.floor(elements / depth / LEAST_COLUMNS) * LEAST_COLUMNS));
  const rows = Math.floor(Math.min(MOST_ROWS, RIGHT_ELEMENTS / depth) / tileRows) * tileRows;
  const block = (rows + HIGHEST_TILE) * depth;
  if (k > DEEPEST || Math.ceil(m / rows) * block > LEFT_ELEMENTS) return { rows, columns: columnsWithin(RIGHT_ELEMENTS), blockBytes: 0 };
  return { rows, columns: columnsWithin(NEAR_ELEMENTS), blockBytes: block * FLOAT_BYTES };
}

function multiplyRegion(
  engine: GemmEngine,
  words: Uint32Array,
  call: GemmCall,
  k: number,
  region: Region,
  packed: PackedOperands,
  sums: number,
): void {
  const { target, accumulate } = call;
  const sumBytes = padded(region.columns, LEAST_COLUMNS) * FLOAT_BYTES;
  if (isDirect(call, k)) {
    const kernel = packed.pack(region, 0, k);
    if (region.columns % kernel.columns === 0) {
      multiplyDirect(engine, words, call, k, region, kernel, packed, sums, sumBytes);
      return;
    }
  }
  if (accumulate) loadRows(words, target, region, sums, sumBytes);
  else if (k === 0) clearRows(words, region, sums, sumBytes);
  for (let from = 0; from < k; from += DEEPEST) {
    const depth = Math.min(DEEPEST, k - from);
    const kernel = packed.pack(region, from, depth);
    runTiles(kernel, packed, region.rows, region.columns, depth, 0, sums, sumBytes, accumulate || from > 0);
  }
  engine.finish(call, region, sums, sumBytes);
}

/** Whether the sums are the target, so that whole tiles can be written there. */
function isDirect({ target, epilogue }: GemmCall, k: number): boolean {
  return k > 0 && k <= DEEPEST && target.dtype === 'f32' && epilogue.kind === 'store' && epilogue.bias === null;
}

/** Whole tiles go to the target, the rows of a last tile that hangs over go by scratch. */
function multiplyDirect(
  engine: GemmEngine,
  words: Uint32Array,
  call: GemmCall,
  k: number,
  region: Region,
  kernel: TileKernel,
  packed: PackedOperands,
  sums: number,
  sumBytes: number,
): void {
  const { target, accumulate } = call;
  const whole = Math.floor(region.rows / kernel.rows) * kernel.rows;
  const strideBytes = target.stride * FLOAT_BYTES;
  const at = target.offset + region.row * strideBytes + region.column * FLOAT_BYTES;
  runTiles(kernel, packed, whole, region.columns, k, 0, at, strideBytes, accumulate);
  if (whole === region.rows) return;
  const rest: Region = { ...region, row: region.row + whole, rows: region.rows - whole };
  if (accumulate) loadRows(words, target, rest, sums, sumBytes);
  runTiles(kernel, packed, rest.rows, rest.columns, k, whole, sums, sumBytes, accumulate);
  engine.finish(call, rest, sums, sumBytes);
}

/** Runs the tiles of `rows` rows of the packed block from row `firstRow` on, part by part of k. */
function runTiles(
  kernel: TileKernel,
  packed: PackedOperands,
  rows: number,
  columns: number,
  k: number,
  firstRow: number,
  c: number,
  cRowBytes: number,
  addsToTarget: boolean,
): void {
  const rowPanels = Math.ceil(rows / kernel.rows);
  const columnPanels = Math.ceil(columns / kernel.columns);
  if (rowPanels === 0) return;
  for (let from = 0; from < k; from += KC) {
    const depth = padded(Math.min(KC, k - from), kernel.depthStep);
    const left = packed.leftAt(from) + firstRow * depth * kernel.elementBytes;
    kernel.tiles(left, packed.rightAt(from), c, depth, cRowBytes, rowPanels, columnPanels, addsToTarget || from > 0);
  }
}

/** Copies a region of an f32 matrix to rows of sums; as integers, so that every NaN stays as it is. */
function loadRows(words: Uint32Array, matrix: Matrix, region: Region, sums: number, sumBytes: number): void {
  for (let i = 0; i < region.rows; i++) {
    const from = matrix.offset / FLOAT_BYTES + (region.row + i) * matrix.stride + region.column;
    words.copyWithin((sums + i * sumBytes) / FLOAT_BYTES, from, from + region.columns);
  }
}

function clearRows(words: Uint32Array, { rows, columns }: Region, sums: number, sumBytes: number): void {
  for (let i = 0; i < rows; i++) {
    const from = (sums + i * sumBytes) / FLOAT_BYTES;
    words.fill(0, from, from + columns);
  }
}
