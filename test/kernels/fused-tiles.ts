import { type Block, bf16Value, type Exactness, type KernelMemory, type PackedRange, type TileKernel } from '../../src/kernels/index.ts';

/** What a tile kernel has of its own: how it adds one product to a sum, and for which operands that is right. */
export interface FusedArithmetic {
  readonly multiplyAdd: (sum: number, a: number, b: number) => number;
  readonly exactness: Exactness;
}

/** Product and sum rounded once. A double holds the product of two bf16 and every sum that has the bits of two roundings. */
export const FUSED: FusedArithmetic = {
  multiplyAdd: (sum, a, b) => Math.fround(sum + a * b),
  exactness: { leastExponentSum: -149 + 14, flushesSubnormals: false },
};

/** The same on a unit that takes and gives zeros for subnormal numbers. */
export const FLUSHING: FusedArithmetic = {
  multiplyAdd: (sum, a, b) => flushed(flushed(sum) + flushed(a) * flushed(b)),
  exactness: { leastExponentSum: -126 + 14, flushesSubnormals: true },
};

function flushed(value: number): number {
  const rounded = Math.fround(value);
  return Math.abs(rounded) < 2 ** -126 ? 0 : rounded;
}

/** A tile kernel for bf16 operands, packed as bf16 in pairs of k as matrix instructions like them; it counts its runs. */
export function createFusedTiles({ buffer }: KernelMemory, { multiplyAdd, exactness }: FusedArithmetic) {
  const counter = { runs: 0 };
  const [rows, columns] = [3, 8];
  const packWith =
    (width: number) =>
    ({ offset, lineBytes, depthBytes, dtype }: Block, lines: number, depth: number, target: number): PackedRange => {
      if (dtype !== 'bf16') throw new Error('fused tiles were given f32');
      const panels = Math.ceil(lines / width);
      const padded = Math.ceil(depth / 2) * 2;
      const packed = new Uint16Array(buffer, target, panels * width * padded);
      let [least, greatest] = [0xffff, 0];
      for (let at = 0; at < packed.length; at++) {
        const line = Math.floor(at / (width * padded)) * width + (at % width);
        const k = Math.floor(at / width) % padded;
        packed[at] = line < lines && k < depth ? new Uint16Array(buffer, offset + line * lineBytes + k * depthBytes, 1)[0] : 0;
        const magnitude = packed[at] & 0x7fff;
        least = Math.min(least, (magnitude - 1) & 0xffff);
        greatest = Math.max(greatest, magnitude);
      }
      return (least | (greatest << 16)) >>> 0;
    };
  const kernel: TileKernel = {
    rows,
    columns,
    depthStep: 2,
    elementBytes: 2,
    exactness,
    packLeft: packWith(rows),
    packRight: packWith(columns),
    tiles(left, right, c, depth, cRowBytes, rowPanels, columnPanels, addsToTarget) {
      counter.runs += 1;
      const a = new Uint16Array(buffer, left, rowPanels * rows * depth);
      const b = new Uint16Array(buffer, right, columnPanels * columns * depth);
      for (let row = 0; row < rowPanels * rows; row++) {
        const sums = new Float32Array(buffer, c + row * cRowBytes, columnPanels * columns);
        const from = Math.floor(row / rows) * rows * depth + (row % rows);
        sums.forEach((before, column) => {
          const at = Math.floor(column / columns) * columns * depth + (column % columns);
          let sum = addsToTarget ? before : 0;
          for (let k = 0; k < depth; k++) sum = multiplyAdd(sum, bf16Value(a[from + k * rows]), bf16Value(b[at + k * columns]));
          sums[column] = sum;
        });
      }
    },
  };
  return { kernel, counter };
}
