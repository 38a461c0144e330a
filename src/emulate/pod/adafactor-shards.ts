import { rsqrt } from '../../base/index.ts';

/**
 * Adafactor on a part of a matrix, in the letters of `kernels/reference/optimizers/adafactor.ts`. The part is a range of the numbers of equal matrices [R', C'], of which whole
 * ones are [R, C]; it may begin and end in the middle of a row. Every number is computed and rounded to f32 as there. Sums over a matrix are made of the sums of its cores, so they differ by
 * their rounding.
 */
export interface CutMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly wholeRows: number;
  readonly wholeColumns: number;
  /** Place of its first number among those of all matrices, row by row. */
  readonly first: number;
}

/** f32, each of the numbers of the range. */
export interface CutNumbers {
  readonly weights: Float32Array;
  readonly gradient: Float32Array;
}

/** V: the means of all rows and columns of the matrices, and beside them their sums, which become 1 / sqrt of the means; or that of every number of the range. */
export type SecondMoment =
  | {
      readonly kind: 'factored';
      readonly rowMeans: Float32Array;
      readonly columnMeans: Float32Array;
      readonly rows: Float32Array;
      readonly columns: Float32Array;
    }
  | { readonly kind: 'unfactored'; readonly values: Float32Array };

const round = Math.fround;

/** Adds up X^2 by matrix, and G^2 + epsilon1 by row and by column where V is factored. */
export function addSquares(
  cut: CutMatrix,
  { weights, gradient }: CutNumbers,
  epsilon1: number,
  secondMoment: SecondMoment,
  weightSquares: Float32Array,
): void {
  const added = round(epsilon1);
  eachRun(cut, weights.length, ({ matrix, row, column, at, count }) => {
    weightSquares[matrix] += sumOfSquares(weights, at, count);
    if (secondMoment.kind === 'unfactored') return;
    const { rows, columns } = secondMoment;
    const from = matrix * cut.columns + column;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const square = round(round(gradient[at + i] * gradient[at + i]) + added);
      columns[from + i] += square;
      sum += square;
    }
    rows[row] += sum;
  });
}

/** V of this step, by the sums over whole matrices. `fresh` is 1 - b. */
export function updateSecondMoment(
  cut: CutMatrix,
  gradient: Float32Array,
  epsilon1: number,
  fresh: number,
  secondMoment: SecondMoment,
): void {
  const [kept, added] = [round(1 - fresh), round(epsilon1)];
  const next = (before: number, now: number): number => round(round(kept * before) + round(fresh * now));
  if (secondMoment.kind === 'unfactored') {
    const { values } = secondMoment;
    for (let i = 0; i < gradient.length; i++) values[i] = next(values[i], round(round(gradient[i] * gradient[i]) + added));
    return;
  }
  const { rowMeans, columnMeans, rows, columns } = secondMoment;
  for (let i = 0; i < rows.length; i++) rowMeans[i] = next(rowMeans[i], round(rows[i] / cut.wholeColumns));
  for (let i = 0; i < columns.length; i++) columnMeans[i] = next(columnMeans[i], round(columns[i] / cut.wholeRows));
  for (let i = 0; i < columns.length; i++) columns[i] = rsqrt(columnMeans[i]);
  // The mean over all of V is that of the means of either side, and of one side the core has all.
  const [side, length] = cut.rows === cut.wholeRows ? [rowMeans, cut.rows] : [columnMeans, cut.columns];
  for (let matrix = 0; matrix * cut.rows < rows.length; matrix++) {
    const mean = round(meanOf(side, matrix * length, length));
    for (let row = matrix * cut.rows; row < (matrix + 1) * cut.rows; row++) rows[row] = rsqrt(round(rowMeans[row] / mean));
  }
}

/** Of U^2 by matrix. */
export function addDirections(cut: CutMatrix, gradient: Float32Array, secondMoment: SecondMoment, directionSquares: Float32Array): void {
  eachRun(cut, gradient.length, (run) => {
    writeDirection(cut, gradient, secondMoment, run);
    directionSquares[run.matrix] += sumOfSquares(direction, 0, run.count);
  });
}

/** Clip and rate of a matrix, by the sums over all of it. */
export function rateOf(
  { wholeRows, wholeColumns }: CutMatrix,
  weightSquares: number,
  directionSquares: number,
  settings: {
    readonly clippingThreshold: number;
    readonly epsilon2: number;
    readonly scalesByParameter: boolean;
    readonly learningRate: number;
  },
): { readonly clip: number; readonly rate: number } {
  const { clippingThreshold, epsilon2, scalesByParameter, learningRate } = settings;
  const rootMeanSquare = (sum: number): number => round(Math.sqrt(round(sum / (wholeRows * wholeColumns))));
  const scale = scalesByParameter ? Math.max(round(epsilon2), rootMeanSquare(weightSquares)) : 1;
  return {
    clip: Math.max(1, round(rootMeanSquare(directionSquares) / round(clippingThreshold))),
    rate: round(scale * round(learningRate)),
  };
}

/** X -= rate (U / clip), by the clip and rate of each matrix. */
export function takeStep(
  cut: CutMatrix,
  { weights, gradient }: CutNumbers,
  secondMoment: SecondMoment,
  ratesOf: (matrix: number) => { readonly clip: number; readonly rate: number },
): void {
  eachRun(cut, weights.length, (run) => {
    const { clip, rate } = ratesOf(run.matrix);
    writeDirection(cut, gradient, secondMoment, run);
    for (let i = 0; i < run.count; i++) weights[run.at + i] -= round(rate * round(direction[i] / clip));
  });
}

/** A part of a row: `row` among those of all matrices, `at` in the range. */
interface Run {
  readonly matrix: number;
  readonly row: number;
  readonly column: number;
  readonly at: number;
  readonly count: number;
}

/** U of a run: it stays in the first-level cache. */
const LONGEST = 2048;
const direction = new Float32Array(LONGEST);

function eachRun({ rows, columns, first }: CutMatrix, elements: number, visit: (run: Run) => void): void {
  for (let at = 0; at < elements; ) {
    const row = Math.floor((first + at) / columns);
    const column = (first + at) % columns;
    const count = Math.min(columns - column, elements - at, LONGEST);
    visit({ matrix: Math.floor(row / rows), row, column, at, count });
    at += count;
  }
}

function writeDirection(
  { columns }: CutMatrix,
  gradient: Float32Array,
  secondMoment: SecondMoment,
  { matrix, row, column, at, count }: Run,
): void {
  if (secondMoment.kind === 'unfactored') {
    const { values } = secondMoment;
    for (let i = 0; i < count; i++) direction[i] = gradient[at + i] * round(rsqrt(values[at + i]));
    return;
  }
  const { rows, columns: ofColumns } = secondMoment;
  const ofRow = rows[row];
  const from = matrix * columns + column;
  for (let i = 0; i < count; i++) direction[i] = round(gradient[at + i] * ofRow) * ofColumns[from + i];
}

function sumOfSquares(values: Float32Array, from: number, count: number): number {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += values[i] * values[i];
  return sum;
}

function meanOf(values: Float32Array, from: number, count: number): number {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += values[i];
  return sum / count;
}
