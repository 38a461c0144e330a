import { assert } from '../../base/index.ts';
import { BYTES_PER_ELEMENT, bf16Elements, elementCount, type TensorView } from '../../model/index.ts';
import { matmulSizes } from '../naive-table.ts';
import { softmaxRows, softmaxSizes } from '../softmax.ts';
import type { KernelMemory, KernelTable } from '../table.ts';
import { moduleBytes } from './emitter.ts';
import { instantiate, MAXIMUM_PAGES, type WasmModule } from './host.ts';
import { packLeftFunction, TILE, tilesFunction } from './matmul.ts';
import { packRight } from './pack-right.ts';
import { softmaxFunction } from './softmax.ts';

/** What the module exports; all arguments are byte addresses or counts. */
interface Exports {
  tiles(a: number, b: number, c: number, k: number, cRowBytes: number, panels: number): void;
  packLeftF32(source: number, target: number, k: number, panels: number): void;
  packLeftBf16(source: number, target: number, k: number, panels: number): void;
  softmax(source: number, sourceRowBytes: number, target: number, quads: number, rows: number, maxima: number, sums: number): void;
}

/** The bytes of the kernel module. Compile them once (see `compileModule`); the module may be cloned to other threads. */
export function matmulModuleBytes(): Uint8Array {
  return moduleBytes(
    [tilesFunction(TILE), packLeftFunction(TILE, 'f32'), packLeftFunction(TILE, 'bf16'), softmaxFunction()],
    MAXIMUM_PAGES,
  );
}

const { rows: MR, columns: NR } = TILE;
const FLOAT_BYTES = 4;
const LANES = 4;
/** Floats of packed a that are worked on at a time: 256 KiB, to stay in a core's second-level cache. */
const BLOCK_ELEMENTS = 65536;

/** Whole panels of a in one block of rows. */
function blockPanels(m: number, k: number): number {
  return Math.min(Math.ceil(m / MR), Math.max(1, Math.floor(BLOCK_ELEMENTS / (k * MR))));
}

function packedElements(k: number, n: number): number {
  return Math.ceil(n / NR) * NR * k;
}

/** A block of packed a, and one column of tiles for the edges of c. */
function scratchElements(m: number, k: number): number {
  return blockPanels(m, k) * MR * (k + NR);
}

/** The SIMD128 path over one shared memory (see `createKernelMemory`). */
export function createWasmTable(memory: KernelMemory, module: WasmModule): KernelTable {
  const wasm = instantiate(module, memory) as unknown as Exports;
  return {
    path: 'wasm-simd128',
    memory,
    packedElements,
    packRight: (b, packed) => packRight(memory, b, packed, NR),
    scratchElements,
    matmul: (a, packed, c, scratch) => multiply(wasm, memory, a, packed, c, scratch),
    softmax: (logits, firstColumn, probabilities, statistics) => softmax(wasm, memory, logits, firstColumn, probabilities, statistics),
  };
}

/** Blocks of rows of a are packed one at a time; every panel of b passes over a block while the block is in cache. */
function multiply(wasm: Exports, memory: KernelMemory, a: TensorView, packed: TensorView, c: TensorView, scratch: TensorView): void {
  const [m, k, n] = matmulSizes(a, packed, c, packedElements);
  assert(elementCount(scratch.shape) >= scratchElements(m, k), `scratch of ${scratch.shape.join(' x ')} for ${m} x ${k}`);
  const block = blockPanels(m, k);
  const edge = scratch.offset + block * MR * k * FLOAT_BYTES;
  for (let row = 0; row < m; row += block * MR) {
    const rows = Math.min(m - row, block * MR);
    packLeft(wasm, memory, a, row, rows, scratch.offset);
    const panels = Math.ceil(rows / MR);
    for (let column = 0; column < n; column += NR) {
      const columns = Math.min(n - column, NR);
      const b = packed.offset + column * k * FLOAT_BYTES;
      const target = c.offset + (row * n + column) * FLOAT_BYTES;
      // Whole tiles are written where they belong; tiles that hang over an edge are written aside and cut.
      const direct = columns === NR ? Math.floor(rows / MR) : 0;
      if (direct > 0) wasm.tiles(scratch.offset, b, target, k, n * FLOAT_BYTES, direct);
      if (direct === panels) continue;
      wasm.tiles(scratch.offset + direct * MR * k * FLOAT_BYTES, b, edge, k, NR * FLOAT_BYTES, panels - direct);
      cut(memory, edge, target + direct * MR * n * FLOAT_BYTES, rows - direct * MR, columns, n);
    }
  }
}

/** Copies the valid rows and columns of a column of tiles at `edge` to c at `target`, whose rows are n wide. */
function cut(memory: KernelMemory, edge: number, target: number, rows: number, columns: number, n: number): void {
  const source = new Float32Array(memory.buffer, edge, rows * NR);
  const result = new Float32Array(memory.buffer, target, (rows - 1) * n + columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[i * n + j] = source[i * NR + j];
  }
}

/** Packs `rows` rows of a from `row` on; a last panel that is not full is padded with zero rows. */
function packLeft(wasm: Exports, memory: KernelMemory, a: TensorView, row: number, rows: number, target: number): void {
  const k = a.shape[1];
  const full = Math.floor(rows / MR);
  const pack = a.dtype === 'f32' ? wasm.packLeftF32 : wasm.packLeftBf16;
  if (full > 0) pack(a.offset + row * k * BYTES_PER_ELEMENT[a.dtype], target, k, full);
  const rest = rows - full * MR;
  if (rest === 0) return;
  const panel = new Uint32Array(memory.buffer, target + full * MR * k * FLOAT_BYTES, MR * k).fill(0);
  const first = (row + full * MR) * k;
  const bits = a.dtype === 'f32' ? new Uint32Array(memory.buffer, a.offset, elementCount(a.shape)) : bf16Elements(memory.buffer, a);
  const shift = a.dtype === 'f32' ? 0 : 16;
  for (let i = 0; i < rest; i++) {
    for (let l = 0; l < k; l++) panel[l * MR + i] = bits[first + i * k + l] << shift;
  }
}

/** Rows whose columns do not fill whole vectors go the scalar way, which gives the same bits. */
function softmax(
  wasm: Exports,
  memory: KernelMemory,
  logits: TensorView,
  firstColumn: number,
  probabilities: TensorView,
  statistics: TensorView,
): void {
  const [rows, width, experts] = softmaxSizes(logits, firstColumn, probabilities, statistics);
  if (experts % LANES !== 0) {
    softmaxRows(memory, logits, firstColumn, probabilities, statistics);
    return;
  }
  if (rows === 0) return;
  const source = logits.offset + firstColumn * FLOAT_BYTES;
  const sums = statistics.offset + rows * FLOAT_BYTES;
  wasm.softmax(source, width * FLOAT_BYTES, probabilities.offset, experts / LANES, rows, statistics.offset, sums);
}
