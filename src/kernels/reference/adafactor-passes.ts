import { rsqrt } from '../../base/index.ts';
import type { Numerics, Reals } from '../numerics.ts';
import { laneSum } from './lane-sum.ts';
import type { WeightShape } from './optimizers/optimizer.ts';

/**
 * The passes of an Adafactor update over weights X and gradient G [R, C], in the order in which they run; letters as in adafactor.ts.
 *
 *   sums        of a block: of G^2 + epsilon1 by row and by column, of X^2 by row
 *   means       of all: the means of the state, and what they make of a gradient: U = G rowFactors columnFactors^T
 *   direction   of a block: sums of U^2 by row
 *   rate        of all: the root mean squares, and by them clip and rate
 *   update      of a block: X -= rate (U / clip)
 *
 * Blocks are of BLOCK_ROWS rows, on however many threads they run: sums by row are those of `laneSum`; sums by column run in the order of the rows of a block, then in
 * that of the blocks; sums over all elements are those of their rows, in the order of the rows.
 */
export const BLOCK_ROWS = 64;

export function adafactorBlocks({ rows }: WeightShape): number {
  return Math.ceil(rows / BLOCK_ROWS);
}

/** Rows of a block: [first, count]. */
export function rowsOfBlock({ rows }: WeightShape, block: number): [number, number] {
  const first = block * BLOCK_ROWS;
  return [first, Math.min(BLOCK_ROWS, rows - first)];
}

/** What passes hand on: arrays, or addresses of them. */
export interface AdafactorScratch<List = Reals> {
  /** [blocks, C] */
  readonly columnSums: List;
  /** [C]: 1 / sqrt(columnMeans) */
  readonly columnFactors: List;
  /** [R]: 1 / sqrt(rowMeans / their mean), or 1 for a vector */
  readonly rowFactors: List;
  /** [R] each */
  readonly rowSums: List;
  readonly weightSquares: List;
  readonly directionSquares: List;
  /** [2]: clip, rate */
  readonly scalars: List;
}

/** Lays the scratch out; `allocate` is called in the order of the fields, with their elements. */
export function adafactorScratch<List>(shape: WeightShape, allocate: (elements: number) => List): AdafactorScratch<List> {
  const { rows, columns } = shape;
  return {
    columnSums: allocate(adafactorBlocks(shape) * columns),
    columnFactors: allocate(columns),
    rowFactors: allocate(rows),
    rowSums: allocate(rows),
    weightSquares: allocate(rows),
    directionSquares: allocate(rows),
    scalars: allocate(2),
  };
}

export function sumsOfBlock(
  numerics: Numerics,
  shape: WeightShape,
  block: number,
  epsilon1: number,
  { weights, gradient }: { readonly weights: Reals; readonly gradient: Reals },
  { columnSums, rowSums, weightSquares }: AdafactorScratch,
): void {
  const { round } = numerics;
  const { columns } = shape;
  const [first, count] = rowsOfBlock(shape, block);
  const added = round(epsilon1);
  const ofBlock = columnSums.subarray(block * columns, (block + 1) * columns).fill(0);
  for (let r = first; r < first + count; r++) {
    const from = r * columns;
    rowSums[r] = laneSum(numerics, columns, (c) => {
      const square = round(round(gradient[from + c] * gradient[from + c]) + added);
      ofBlock[c] = round(ofBlock[c] + square);
      return square;
    });
    weightSquares[r] = laneSum(numerics, columns, (c) => round(weights[from + c] * weights[from + c]));
  }
}

/** The means of the state; of a vector (R = 1) `columnMeans` alone, the second moment itself. `fresh` is 1 - b. */
export function bringMeansUpToDate(
  { round }: Numerics,
  { rows, columns }: WeightShape,
  fresh: number,
  { rowMeans, columnMeans }: { readonly rowMeans: Reals | null; readonly columnMeans: Reals },
  { columnSums, rowSums, rowFactors, columnFactors }: AdafactorScratch,
): void {
  const kept = round(1 - fresh);
  const next = (before: number, sum: number, count: number): number => round(round(kept * before) + round(fresh * round(sum / count)));
  for (let c = 0; c < columns; c++) {
    let sum = 0;
    for (let at = c; at < columnSums.length; at += columns) sum = round(sum + columnSums[at]);
    columnMeans[c] = next(columnMeans[c], sum, rows);
    columnFactors[c] = round(rsqrt(columnMeans[c]));
  }
  if (rowMeans === null) {
    rowFactors.fill(1);
    return;
  }
  let total = 0;
  for (let r = 0; r < rows; r++) {
    rowMeans[r] = next(rowMeans[r], rowSums[r], columns);
    total = round(total + rowMeans[r]);
  }
  const mean = round(total / rows);
  for (let r = 0; r < rows; r++) rowFactors[r] = round(rsqrt(round(rowMeans[r] / mean)));
}

export function directionOfBlock(numerics: Numerics, shape: WeightShape, block: number, gradient: Reals, scratch: AdafactorScratch): void {
  const { round } = numerics;
  const [first, count] = rowsOfBlock(shape, block);
  for (let r = first; r < first + count; r++) {
    scratch.directionSquares[r] = laneSum(numerics, shape.columns, (c) => {
      const u = directionAt(numerics, shape, r, c, gradient, scratch);
      return round(u * u);
    });
  }
}

export interface RateSettings {
  readonly clippingThreshold: number;
  readonly epsilon2: number;
  readonly scalesByParameter: boolean;
  readonly learningRate: number;
}

export function rateOfAll(
  { round }: Numerics,
  { rows, columns }: WeightShape,
  { clippingThreshold, epsilon2, scalesByParameter, learningRate }: RateSettings,
  { weightSquares, directionSquares, scalars }: AdafactorScratch,
): void {
  const rootMeanSquare = (squares: Reals): number => {
    let sum = 0;
    for (let r = 0; r < rows; r++) sum = round(sum + squares[r]);
    return round(Math.sqrt(round(sum / (rows * columns))));
  };
  const scale = scalesByParameter ? Math.max(round(epsilon2), rootMeanSquare(weightSquares)) : 1;
  scalars[0] = Math.max(1, round(rootMeanSquare(directionSquares) / round(clippingThreshold)));
  scalars[1] = round(scale * round(learningRate));
}

export function updateOfBlock(
  numerics: Numerics,
  shape: WeightShape,
  block: number,
  { weights, gradient }: { readonly weights: Reals; readonly gradient: Reals },
  scratch: AdafactorScratch,
): void {
  const { round } = numerics;
  const { columns } = shape;
  const [first, count] = rowsOfBlock(shape, block);
  const [clip, rate] = scratch.scalars;
  for (let r = first; r < first + count; r++) {
    for (let c = 0; c < columns; c++) {
      const at = r * columns + c;
      weights[at] = round(weights[at] - round(rate * round(directionAt(numerics, shape, r, c, gradient, scratch) / clip)));
    }
  }
}

/** U_rc */
function directionAt(
  { round }: Numerics,
  { columns }: WeightShape,
  r: number,
  c: number,
  gradient: Reals,
  { rowFactors, columnFactors }: AdafactorScratch,
): number {
  return round(round(gradient[r * columns + c] * rowFactors[r]) * columnFactors[c]);
}
