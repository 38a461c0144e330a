import { assert } from '../base/index.ts';
import { BYTES_PER_ELEMENT, elementCount, type TensorView } from '../model/index.ts';
import type { GemmCall, GemmKernels, Matrix } from './gemm.ts';
import { gemmSizes } from './plain/gemm.ts';
import type { KernelMemory } from './table.ts';
import { type Block, isExact, joinRanges, type PackedRange, type TileKernel } from './tile-kernel.ts';

/**
 * The matrix product in blocks that fit into caches (Goto and van de Geijn 2008, doi 10.1145/1356052.1356053), over any tile kernel.
 *
 * Columns are taken in blocks, whose part of the right operand is packed once; below them rows, whose part of the left operand is packed once per block of
 * columns; both for up to DEEPEST of k, in parts of KC. Sums of a block stay in scratch until all of k is through, then `finish` applies the epilogue;
 * sums that nothing is done to are written where they belong at once.
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

/** Rows row .. row + rows - 1 and columns column .. column + columns - 1 of a target. */
export interface Region {
  readonly row: number;
  readonly column: number;
  readonly rows: number;
  readonly columns: number;
}

const FLOAT_BYTES = 4;
/** A panel of a and one of b, 6 and 16 wide, take 34 KiB: about a first-level cache. */
const KC = 384;
/** KC of these rows take 288 KiB, which leaves room for the sums in a second-level cache. */
const MOST_ROWS = 192;
const MOST_COLUMNS = 768;
const LEAST_COLUMNS = 64;
/** Most floats of either operand that are packed at a time. */
const PACKED_ELEMENTS = MOST_COLUMNS * MOST_COLUMNS;
/** Most floats of the right operand where the left one stays packed: half a MiB, so that what is packed is still in a second-level cache when it is read. */
const NEAR_ELEMENTS = 1 << 17;
const DEEPEST = PACKED_ELEMENTS / LEAST_COLUMNS;
/** Tiles have no more rows; blocks of rows are padded to whole tiles. */
const HIGHEST_TILE = 16;

const LEFT_ELEMENTS = PACKED_ELEMENTS + HIGHEST_TILE * DEEPEST;
const SUM_ELEMENTS = (MOST_ROWS + HIGHEST_TILE) * MOST_COLUMNS;
/** Panels begin with a cache line, or vectors of half a line would lie across two. */
const CACHE_LINE = 64;
export const GEMM_SCRATCH_ELEMENTS = SUM_ELEMENTS + LEFT_ELEMENTS + PACKED_ELEMENTS + CACHE_LINE / FLOAT_BYTES;

export function createBlockedGemm(engine: GemmEngine): GemmKernels {
  const words = new Uint32Array(engine.memory.buffer, 0, Math.floor(engine.memory.buffer.byteLength / FLOAT_BYTES));
  return { gemmScratchElements: GEMM_SCRATCH_ELEMENTS, gemm: (call, scratch) => multiply(engine, words, call, scratch) };
}

function multiply(engine: GemmEngine, words: Uint32Array, call: GemmCall, scratch: TensorView): void {
  const [m, k, n] = gemmSizes(call);
  assert(elementCount(scratch.shape) >= GEMM_SCRATCH_ELEMENTS, `gemm: scratch of ${scratch.shape.join(' x ')}`);
  const sums = padded(scratch.offset, CACHE_LINE);
  const left = sums + SUM_ELEMENTS * FLOAT_BYTES;
  const right = left + LEFT_ELEMENTS * FLOAT_BYTES;
  const [rows, columns] = blockSizes(m, k, engine.fused.rows);
  const packed = openOperands(engine, call, left, right);
  for (let column = 0; column < n; column += columns) {
    for (let row = 0; row < m; row += rows) {
      const region = { row, column, rows: Math.min(rows, m - row), columns: Math.min(columns, n - column) };
      multiplyRegion(engine, words, call, k, region, packed, sums);
    }
  }
}

/** Rows (whole tiles) and columns of a block. The left operand is packed anew for every block of columns, so these are wide, unless one packing of it serves all. */
function blockSizes(m: number, k: number, tileRows: number): [number, number] {
  const depth = Math.max(1, Math.min(k, DEEPEST));
  const fitting = (elements: number): number => Math.max(LEAST_COLUMNS, Math.floor(elements / depth / LEAST_COLUMNS) * LEAST_COLUMNS);
  const rows = Math.floor(Math.min(MOST_ROWS, fitting(PACKED_ELEMENTS)) / tileRows) * tileRows;
  const staysPacked = m <= rows && k <= DEEPEST;
  return [rows, Math.min(MOST_COLUMNS, fitting(staysPacked ? NEAR_ELEMENTS : PACKED_ELEMENTS))];
}

function multiplyRegion(
  engine: GemmEngine,
  words: Uint32Array,
  call: GemmCall,
  k: number,
  region: Region,
  packed: Operands,
  sums: number,
): void {
  const { target, accumulate } = call;
  const sumBytes = padded(region.columns, LEAST_COLUMNS) * FLOAT_BYTES;
  if (isDirect(call, k, region)) {
    const kernel = packed.pack(region, 0, k);
    if (region.columns % kernel.columns === 0) {
      multiplyDirect(words, call, k, region, kernel, packed, sums, sumBytes);
      return;
    }
  }
  if (accumulate) copyRows(words, target, region, sums, sumBytes, 'load');
  else if (k === 0) clearRows(words, region, sums, sumBytes);
  for (let from = 0; from < k; from += DEEPEST) {
    const depth = Math.min(DEEPEST, k - from);
    const kernel = packed.pack(region, from, depth);
    runTiles(kernel, packed, region.rows, region.columns, depth, 0, sums, sumBytes, accumulate || from > 0);
  }
  engine.finish(call, region, sums, sumBytes);
}

/** Whether the sums are the target, so that whole tiles can be written there. */
function isDirect({ target, epilogue }: GemmCall, k: number, _region: Region): boolean {
  return k > 0 && k <= DEEPEST && target.dtype === 'f32' && epilogue.kind === 'store' && epilogue.bias === null;
}

/** Whole tiles go to the target, the rows of a last tile that hangs over go by scratch. */
function multiplyDirect(
  words: Uint32Array,
  call: GemmCall,
  k: number,
  region: Region,
  kernel: TileKernel,
  packed: Operands,
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
  if (accumulate) copyRows(words, target, rest, sums, sumBytes, 'load');
  runTiles(kernel, packed, rest.rows, rest.columns, k, whole, sums, sumBytes, accumulate);
  copyRows(words, target, rest, sums, sumBytes, 'store');
}

/** Runs the tiles of `rows` rows of the packed block from row `firstRow` on, part by part of k. */
function runTiles(
  kernel: TileKernel,
  packed: Operands,
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

/** The packed parts of both operands that a region needs. */
interface Operands {
  /** Packs what is not there yet, and chooses the kernel for it. */
  pack(region: Region, from: number, depth: number): TileKernel;
  /** Where the part that begins at k = from + `within` lies. */
  leftAt(within: number): number;
  rightAt(within: number): number;
}

function openOperands(
  { plain, fused }: GemmEngine,
  { left, right, transposeLeft, transposeRight }: GemmCall,
  leftBase: number,
  rightBase: number,
): Operands {
  let kernel = left.dtype === 'bf16' && right.dtype === 'bf16' ? fused : plain;
  let [paddedRows, paddedColumns] = [0, 0];
  let [packedColumn, rightFrom, rightRange] = [-1, -1, 0];
  let [packedRow, leftFrom, leftRange] = [-1, -1, 0];
  const packRight = (region: Region, from: number, depth: number): void => {
    if (region.column === packedColumn && from === rightFrom) return;
    paddedColumns = padded(region.columns, kernel.columns);
    const place = (k: number): Block => blockOf(right, transposeRight, region.column, k);
    rightRange = packParts(kernel.packRight, place, region.columns, from, depth, rightBase, paddedColumns * kernel.elementBytes);
    [packedColumn, rightFrom] = [region.column, from];
  };
  const packLeft = (region: Region, from: number, depth: number): void => {
    if (region.row === packedRow && from === leftFrom) return;
    paddedRows = padded(region.rows, kernel.rows);
    const place = (k: number): Block => blockOf(left, !transposeLeft, region.row, k);
    leftRange = packParts(kernel.packLeft, place, region.rows, from, depth, leftBase, paddedRows * kernel.elementBytes);
    [packedRow, leftFrom] = [region.row, from];
  };
  return {
    pack(region, from, depth) {
      packRight(region, from, depth);
      packLeft(region, from, depth);
      if (kernel.exactness !== null && !isExact(kernel.exactness, leftRange, rightRange)) {
        // For the rest of the call: one block of such operands is seldom alone.
        kernel = plain;
        packedColumn = -1;
        packedRow = -1;
        packRight(region, from, depth);
        packLeft(region, from, depth);
      }
      return kernel;
    },
    leftAt: (within) => leftBase + within * paddedRows * kernel.elementBytes,
    rightAt: (within) => rightBase + within * paddedColumns * kernel.elementBytes,
  };
}

/** Packs k = from .. from + depth - 1 of `lines` lines in parts of KC, one behind the other. */
function packParts(
  pack: TileKernel['packLeft'],
  place: (k: number) => Block,
  lines: number,
  from: number,
  depth: number,
  base: number,
  bytesPerDepth: number,
): PackedRange {
  let range: PackedRange = EMPTY_RANGE;
  for (let within = 0; within < depth; within += KC) {
    range = joinRanges(range, pack(place(from + within), lines, Math.min(KC, depth - within), base + within * bytesPerDepth));
  }
  return range;
}

const EMPTY_RANGE: PackedRange = 0xffff;

/** Where lines from `line` on and k from `from` on lie; lines are rows of the matrix as it is stored, or its columns. */
function blockOf({ offset, stride, dtype }: Matrix, linesAreRows: boolean, line: number, from: number): Block {
  const element = BYTES_PER_ELEMENT[dtype];
  const row = stride * element;
  const [lineBytes, depthBytes] = linesAreRows ? [row, element] : [element, row];
  return { offset: offset + line * lineBytes + from * depthBytes, lineBytes, depthBytes, dtype };
}

function padded(count: number, step: number): number {
  return Math.ceil(count / step) * step;
}

/** Copies a region between an f32 matrix and rows of sums; as integers, so that every NaN stays as it is. */
function copyRows(words: Uint32Array, matrix: Matrix, region: Region, sums: number, sumBytes: number, direction: 'load' | 'store'): void {
  for (let i = 0; i < region.rows; i++) {
    const outside = matrix.offset / FLOAT_BYTES + (region.row + i) * matrix.stride + region.column;
    const inside = (sums + i * sumBytes) / FLOAT_BYTES;
    const [to, from] = direction === 'load' ? [inside, outside] : [outside, inside];
    words.copyWithin(to, from, from + region.columns);
  }
}

function clearRows(words: Uint32Array, { rows, columns }: Region, sums: number, sumBytes: number): void {
  for (let i = 0; i < rows; i++) {
    const from = (sums + i * sumBytes) / FLOAT_BYTES;
    words.fill(0, from, from + columns);
  }
}
