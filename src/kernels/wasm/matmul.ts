import { assert } from '../../base/index.ts';
import { BYTES_PER_ELEMENT, bf16Elements, elementCount, type TensorView } from '../../model/index.ts';
import { matmulSizes } from '../naive-table.ts';
import type { KernelMemory } from '../table.ts';
import { TILE } from './tiles.ts';

/** The exports of the kernel module that a matrix product needs; all arguments are byte addresses or counts. */
export interface MatmulExports {
  tiles(a: number, b: number, c: number, k: number, cRowBytes: number, panels: number): void;
  packLeftF32(source: number, target: number, k: number, panels: number): void;
  packLeftBf16(source: number, target: number, k: number, panels: number): void;
  packRightF32(source: number, target: number, sourceRowBytes: number, k: number, panels: number): void;
  packRightBf16(source: number, target: number, sourceRowBytes: number, k: number, panels: number): void;
}

const { rows: MR, columns: NR } = TILE;
const FLOAT_BYTES = 4;
/** Floats of packed a that are worked on at a time: 256 KiB, to stay in a core's second-level cache. */
const BLOCK_ELEMENTS = 65536;

/** Whole panels of a in one block of rows. */
function blockPanels(m: number, k: number): number {
  return Math.min(Math.ceil(m / MR), Math.max(1, Math.floor(BLOCK_ELEMENTS / (k * MR))));
}

export function packedElements(k: number, n: number): number {
  return Math.ceil(n / NR) * NR * k;
}

/** A block of packed a, and one column of tiles for the edges of c. */
export function scratchElements(m: number, k: number): number {
  return blockPanels(m, k) * MR * (k + NR);
}

/** c = a x packed b. Blocks of rows of a are packed one at a time; every panel of b passes over a block while the block is in cache. */
export function multiply(
  wasm: MatmulExports,
  memory: KernelMemory,
  a: TensorView,
  packed: TensorView,
  c: TensorView,
  scratch: TensorView,
): void {
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

/** Packs b [K, N] into panels of NR columns; a last panel that is not full is padded with zero columns. */
export function packRight(wasm: MatmulExports, memory: KernelMemory, b: TensorView, packed: TensorView): void {
  const [k, n] = b.shape;
  assert(elementCount(packed.shape) >= packedElements(k, n), `${packed.shape.join(' x ')} elements for a packed ${k} x ${n}`);
  const full = Math.floor(n / NR);
  const pack = b.dtype === 'f32' ? wasm.packRightF32 : wasm.packRightBf16;
  if (full > 0) pack(b.offset, packed.offset, n * BYTES_PER_ELEMENT[b.dtype], k, full);
  const columns = n - full * NR;
  if (columns === 0) return;
  const panel = new Uint32Array(memory.buffer, packed.offset + full * NR * k * FLOAT_BYTES, NR * k).fill(0);
  const bits = widenedBits(memory, b);
  for (let l = 0; l < k; l++) {
    for (let j = 0; j < columns; j++) panel[l * NR + j] = bits.words[l * n + full * NR + j] << bits.shift;
  }
}

/** Packs `rows` rows of a from `row` on; a last panel that is not full is padded with zero rows. */
function packLeft(wasm: MatmulExports, memory: KernelMemory, a: TensorView, row: number, rows: number, target: number): void {
  const k = a.shape[1];
  const full = Math.floor(rows / MR);
  const pack = a.dtype === 'f32' ? wasm.packLeftF32 : wasm.packLeftBf16;
  if (full > 0) pack(a.offset + row * k * BYTES_PER_ELEMENT[a.dtype], target, k, full);
  const rest = rows - full * MR;
  if (rest === 0) return;
  const panel = new Uint32Array(memory.buffer, target + full * MR * k * FLOAT_BYTES, MR * k).fill(0);
  const bits = widenedBits(memory, a);
  const first = (row + full * MR) * k;
  for (let i = 0; i < rest; i++) {
    for (let l = 0; l < k; l++) panel[l * MR + i] = bits.words[first + i * k + l] << bits.shift;
  }
}

/** The bits of a tensor and the shift that widens each to the bits of an f32. */
function widenedBits(memory: KernelMemory, view: TensorView): { readonly words: Uint32Array | Uint16Array; readonly shift: number } {
  if (view.dtype === 'bf16') return { words: bf16Elements(memory.buffer, view), shift: 16 };
  return { words: new Uint32Array(memory.buffer, view.offset, elementCount(view.shape)), shift: 0 };
}

/** Copies the valid rows and columns of a column of tiles at `edge` to c at `target`, whose rows are n wide. */
function cut(memory: KernelMemory, edge: number, target: number, rows: number, columns: number, n: number): void {
  const source = new Uint32Array(memory.buffer, edge, rows * NR);
  const result = new Uint32Array(memory.buffer, target, (rows - 1) * n + columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[i * n + j] = source[i * NR + j];
  }
}
