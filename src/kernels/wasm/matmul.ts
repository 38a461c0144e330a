import { assert } from '../../base/index.ts';
import { BYTES_PER_ELEMENT, elementCount } from '../../model/index.ts';
import { matmulSizes } from '../naive-table.ts';
import type { KernelMemory, MatmulKernels } from '../table.ts';
import type { TileKernel } from '../tile-kernel.ts';

/** Floats of packed a that are worked on at a time: 256 KiB, to stay in a core's second-level cache. */
const BLOCK_ELEMENTS = 65536;
const FLOAT_BYTES = 4;

/**
 * The product with a right-hand side that was packed before, as routers need it: weights are packed once and meet every group. `kernel` is the one that
 * multiplies and adds, whatever the operands: routing decisions are the same on every machine.
 */
export function createWasmMatmul(kernel: TileKernel, memory: KernelMemory): MatmulKernels {
  const packedElements = (k: number, n: number): number => Math.ceil(n / kernel.columns) * kernel.columns * k;
  /** Whole panels of a in one block of rows. */
  const blockPanels = (m: number, k: number): number =>
    Math.min(Math.ceil(m / kernel.rows), Math.max(1, Math.floor(BLOCK_ELEMENTS / (k * kernel.rows))));
  /** A block of packed a, and a row of tiles for the edges of c. */
  const scratchElements = (m: number, k: number, n: number): number =>
    blockPanels(m, k) * kernel.rows * (k + kernel.columns) + kernel.rows * Math.ceil(n / kernel.columns) * kernel.columns;
  return {
    packedElements,
    scratchElements,
    packRight(b, packed) {
      const [k, n] = b.shape;
      assert(elementCount(packed.shape) >= packedElements(k, n), `${packed.shape.join(' x ')} elements for a packed ${k} x ${n}`);
      const element = BYTES_PER_ELEMENT[b.dtype];
      kernel.packRight({ offset: b.offset, lineBytes: element, depthBytes: n * element, dtype: b.dtype }, n, k, packed.offset);
    },
    matmul(a, packed, c, scratch) {
      const [m, k, n] = matmulSizes(a, packed, c, packedElements);
      assert(elementCount(scratch.shape) >= scratchElements(m, k, n), `scratch of ${scratch.shape.join(' x ')} for ${m} x ${k}`);
      const block = blockPanels(m, k) * kernel.rows;
      const edge = scratch.offset + block * k * FLOAT_BYTES;
      const element = BYTES_PER_ELEMENT[a.dtype];
      for (let row = 0; row < m; row += block) {
        const rows = Math.min(block, m - row);
        kernel.packLeft(
          { offset: a.offset + row * k * element, lineBytes: k * element, depthBytes: element, dtype: a.dtype },
          rows,
          k,
          scratch.offset,
        );
        multiplyBlock(
          kernel,
          memory,
          { scratch: scratch.offset, packed: packed.offset, target: c.offset + row * n * FLOAT_BYTES, edge },
          rows,
          k,
          n,
        );
      }
    },
  };
}

interface Places {
  readonly scratch: number;
  readonly packed: number;
  readonly target: number;
  readonly edge: number;
}

/** Whole tiles are written where they belong; tiles that hang over an edge are written aside and cut. */
function multiplyBlock(
  kernel: TileKernel,
  memory: KernelMemory,
  { scratch, packed, target, edge }: Places,
  rows: number,
  k: number,
  n: number,
): void {
  const rowBytes = n * FLOAT_BYTES;
  const rowPanels = Math.floor(rows / kernel.rows);
  const columnPanels = Math.floor(n / kernel.columns);
  const [wholeRows, wholeColumns] = [rowPanels * kernel.rows, columnPanels * kernel.columns];
  if (rowPanels > 0 && columnPanels > 0) kernel.tiles(scratch, packed, target, k, rowBytes, rowPanels, columnPanels, false);
  if (wholeColumns < n) {
    const edgeBytes = kernel.columns * FLOAT_BYTES;
    kernel.tiles(scratch, packed + wholeColumns * k * FLOAT_BYTES, edge, k, edgeBytes, Math.ceil(rows / kernel.rows), 1, false);
    cut(memory, edge, edgeBytes, target + wholeColumns * FLOAT_BYTES, rowBytes, rows, n - wholeColumns);
  }
  if (wholeRows < rows && columnPanels > 0) {
    const edgeBytes = wholeColumns * FLOAT_BYTES;
    kernel.tiles(scratch + wholeRows * k * FLOAT_BYTES, packed, edge, k, edgeBytes, 1, columnPanels, false);
    cut(memory, edge, edgeBytes, target + wholeRows * rowBytes, rowBytes, rows - wholeRows, wholeColumns);
  }
}

/** Copies rows x columns numbers, as integers, so that every NaN stays as it is. */
function cut(memory: KernelMemory, from: number, fromBytes: number, to: number, toBytes: number, rows: number, columns: number): void {
  for (let i = 0; i < rows; i++) {
    new Uint32Array(memory.buffer, to + i * toBytes, columns).set(new Uint32Array(memory.buffer, from + i * fromBytes, columns));
  }
}
