import type { Bytes } from '../base/index.ts';
import type { Matrix } from './gemm.ts';

/**
 * The inner part of a blocked product: how operands are packed, and the loop over packed panels. All addresses are bytes in the memory of the kernels.
 *
 * MR, NR: rows and columns of a tile. packed left: ceil(rows / MR) panels, [k][MR]; packed right: ceil(columns / NR) panels, [k][NR]; k is the depth,
 * rounded up to a multiple of depthStep; lines that do not exist are zero.
 */
export interface TileKernel {
  /** MR */
  readonly rows: number;
  /** NR */
  readonly columns: number;
  readonly depthStep: 1 | 2;
  /** Of one packed element. */
  readonly elementBytes: 2 | 4;
  /** Null when every product gives the right bits; else what operands must fulfil. */
  readonly exactness: Exactness | null;
  /** Packs rows of op(left) from (row, depth) on; returns the range of the values (see packing.ts). */
  packLeft(source: Block, lines: number, depth: number, target: Bytes): PackedRange;
  packRight(source: Block, lines: number, depth: number, target: Bytes): PackedRange;
  /**
   * c (f32, rows `cRowBytes` apart) = or += packed left x packed right, for whole panels; all counts are at least 1. What c holds may be anything, subnormal or -0, too:
   * exactness speaks of the operands alone.
   */
  tiles(
    left: Bytes,
    right: Bytes,
    c: Bytes,
    depth: number,
    cRowBytes: Bytes,
    rowPanels: number,
    columnPanels: number,
    addsToTarget: boolean,
  ): void;
}

/** Where packing starts, and how far it is to the next line (row of left, column of right) and to the next k. One of the two strides is one element. */
export interface Block {
  readonly offset: Bytes;
  readonly lineBytes: Bytes;
  readonly depthBytes: Bytes;
  readonly dtype: Matrix['dtype'];
}

/** The least t - 1 and the greatest t << 16 of bf16 bits t without sign; zeros count as nothing. */
export type PackedRange = number;

/**
 * When a path that does not round product and sum separately, or that knows no subnormal numbers, gives the bits of one that does: operands are bf16, and the
 * exponents of any two that meet keep their products, and all sums of them, in a range.
 *
 * A bf16 with exponent e is a multiple of 2^(e - 7), so a product of exponents e and f is a multiple of 2^(e + f - 14), and so is every sum of such products, rounded
 * or not. Products have 16 significant bits, so they are exact in f32 while e + f - 14 >= -149 and nothing overflows; no sum is subnormal while e + f - 14 >= -126.
 */
export interface Exactness {
  /** Least e + f. */
  readonly leastExponentSum: number;
  /** Whether subnormal operands count as zero on this path. */
  readonly flushesSubnormals: boolean;
}

/** e + f at which every product, below 2^(e + f + 2), is still finite. */
const GREATEST_EXPONENT_SUM = 126;
const EXPONENT_BIAS = 127;
/** t of the least normal number. */
const LEAST_NORMAL = 0x80;

/** Whether a path with these demands gives the right bits for operands of these ranges. */
export function isExact({ leastExponentSum, flushesSubnormals }: Exactness, left: PackedRange, right: PackedRange): boolean {
  const [leftLeast, rightLeast] = [leastOf(left), leastOf(right)];
  // Nothing but zeros on one side: nothing but zeros as products, unless infinity or NaN meets them.
  if (greatestOf(left) >= INFINITY || greatestOf(right) >= INFINITY) return false;
  if (leftLeast === 0 || rightLeast === 0) return true;
  if (flushesSubnormals && (leftLeast < LEAST_NORMAL || rightLeast < LEAST_NORMAL)) return false;
  return (
    exponentOf(leftLeast) + exponentOf(rightLeast) >= leastExponentSum &&
    exponentOf(greatestOf(left)) + exponentOf(greatestOf(right)) <= GREATEST_EXPONENT_SUM
  );
}

const INFINITY = 0x7f80;

/** The least t that is not zero; 0 when all are. */
function leastOf(range: PackedRange): number {
  return ((range & 0xffff) + 1) & 0xffff;
}

function greatestOf(range: PackedRange): number {
  return range >>> 16;
}

/** Exponent of a bf16; subnormals are multiples of 2^-133, as the least normal ones are. */
function exponentOf(bits: number): number {
  return Math.max(1, bits >>> 7) - EXPONENT_BIAS;
}

/** The range of two packed parts together. */
export function joinRanges(a: PackedRange, b: PackedRange): PackedRange {
  const least = Math.min(a & 0xffff, b & 0xffff);
  return (least | (Math.max(a >>> 16, b >>> 16) << 16)) >>> 0;
}
