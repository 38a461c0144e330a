import type { Bytes } from '../base/index.ts';
import { BYTES_PER_ELEMENT } from '../model/index.ts';
import type { GemmCall, Matrix, Region } from './gemm.ts';
import { type Block, isExact, joinRanges, type PackedRange, type TileKernel } from './tile-kernel.ts';

/** The packed parts of both operands that a region of the target needs. */
export interface PackedOperands {
  /** Packs what is not there yet of k = from .. from + depth - 1, and chooses the kernel for it. */
  pack(region: Region, from: number, depth: number): TileKernel;
  /** Where the part that begins at k = from + `within` lies. */
  leftAt(within: number): Bytes;
  rightAt(within: number): Bytes;
}

/** Where operands are packed: blocks of rows of the left one, which all stay or take each other's place, and one block of columns of the right one. */
export interface PackingPlan {
  readonly left: Bytes;
  readonly right: Bytes;
  /** Rows of a block; a region has the rows of one block. */
  readonly rows: number;
  /** From one block of rows to the next; 0 where they take each other's place. */
  readonly blockBytes: Bytes;
}

/** A panel of a and one of b, 6 and 16 wide, take 33 KiB for so much of k: about a first-level cache. */
export const KC = 384;

/** For bf16 operands `fused` is chosen until packing finds what it has no right bits for. */
export function openOperands(
  kernels: { readonly plain: TileKernel; readonly fused: TileKernel },
  call: GemmCall,
  plan: PackingPlan,
): PackedOperands {
  const { left, right, transposeLeft, transposeRight } = call;
  const { plain, fused } = kernels;
  let kernel = left.dtype === 'bf16' && right.dtype === 'bf16' ? fused : plain;
  let [leftBase, paddedRows, paddedColumns] = [0, 0, 0];
  let rightPart: PackedPart = NOTHING;
  let leftParts: PackedPart[] = [];
  const packRight = (region: Region, from: number, depth: number): void => {
    if (rightPart.line === region.column && rightPart.from === from) return;
    paddedColumns = padded(region.columns, kernel.columns);
    const place = (k: number): Block => blockOf(right, transposeRight, region.column, k);
    const range = packParts(kernel.packRight, place, region.columns, from, depth, plan.right, paddedColumns * kernel.elementBytes);
    rightPart = { line: region.column, from, range };
  };
  const packLeft = (region: Region, from: number, depth: number): PackedRange => {
    const block = plan.blockBytes === 0 ? 0 : region.row / plan.rows;
    leftBase = plan.left + block * plan.blockBytes;
    paddedRows = padded(region.rows, kernel.rows);
    const there = leftParts[block] ?? NOTHING;
    if (there.line === region.row && there.from === from) return there.range;
    const place = (k: number): Block => blockOf(left, !transposeLeft, region.row, k);
    const range = packParts(kernel.packLeft, place, region.rows, from, depth, leftBase, paddedRows * kernel.elementBytes);
    leftParts[block] = { line: region.row, from, range };
    return range;
  };
  return {
    pack(region, from, depth) {
      packRight(region, from, depth);
      const range = packLeft(region, from, depth);
      if (kernel.exactness !== null && !isExact(kernel.exactness, range, rightPart.range)) {
        // For the rest of the call: one block of such operands is seldom alone.
        kernel = plain;
        rightPart = NOTHING;
        leftParts = [];
        packRight(region, from, depth);
        packLeft(region, from, depth);
      }
      return kernel;
    },
    leftAt: (within) => leftBase + within * paddedRows * kernel.elementBytes,
    rightAt: (within) => plan.right + within * paddedColumns * kernel.elementBytes,
  };
}

/** What lies packed: the lines from `line` on and the k from `from` on, with the range of their values. */
interface PackedPart {
  readonly line: number;
  readonly from: number;
  readonly range: PackedRange;
}

const NOTHING: PackedPart = { line: -1, from: -1, range: 0 };
const EMPTY_RANGE: PackedRange = 0xffff;

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

/** Where lines from `line` on and k from `from` on lie; lines are rows of the matrix as it is stored, or its columns. */
function blockOf({ offset, stride, dtype }: Matrix, linesAreRows: boolean, line: number, from: number): Block {
  const element = BYTES_PER_ELEMENT[dtype];
  const row = stride * element;
  const [lineBytes, depthBytes] = linesAreRows ? [row, element] : [element, row];
  return { offset: offset + line * lineBytes + from * depthBytes, lineBytes, depthBytes, dtype };
}

export function padded(count: number, step: number): number {
  return Math.ceil(count / step) * step;
}
