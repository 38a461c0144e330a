/** A curve: seconds of a sample under some constants, all of them positive. */
export type Law<Sample> = (constants: readonly number[], sample: Sample) => number;

export interface Measured {
  readonly seconds: number;
}

const MOST_STEPS = 400;
/** Steps end when they gain less than this share of the sum of squares. */
const ENOUGH = 1e-14;
/** Relative change of a constant for its derivative. */
const NUDGE = 1e-6;

/**
 * The constants for which the squares of the relative errors have the least sum: Levenberg-Marquardt on relative changes of the constants
 * (Marquardt 1963, equation 15), so that all of them stay positive and none of their units matters. Only those that are listed in `free` move.
 * Deterministic, and exact arithmetic only.
 */
export function fitRelative<Sample extends Measured>(
  law: Law<Sample>,
  samples: readonly Sample[],
  start: readonly number[],
  free: readonly number[] = start.map((_, index) => index),
): number[] {
  let constants = [...start];
  let errors = relativeErrors(law, samples, constants);
  let damping = 1e-3;
  for (let step = 0; step < MOST_STEPS; step++) {
    const move = proposedMove(law, samples, constants, errors, free, damping);
    const moved = [...constants];
    for (const [row, index] of free.entries()) moved[index] = constants[index] * Math.max(0.2, 1 + move[row]);
    const after = relativeErrors(law, samples, moved);
    const gain = sumOfSquares(errors) - sumOfSquares(after);
    if (gain < 0 || !Number.isFinite(gain)) {
      damping *= 8;
      if (damping > 1e12) break;
      continue;
    }
    constants = moved;
    errors = after;
    damping = Math.max(damping / 5, 1e-12);
    if (gain <= ENOUGH * sumOfSquares(errors)) break;
  }
  return constants;
}

/** sqrt(law / measured) - sqrt(measured / law): twice as long counts as much as half as long, which law / measured - 1 would not do. */
function relativeErrors<Sample extends Measured>(law: Law<Sample>, samples: readonly Sample[], constants: readonly number[]): number[] {
  return samples.map((sample) => {
    const ratio = law(constants, sample) / sample.seconds;
    return Math.sqrt(ratio) - Math.sqrt(1 / ratio);
  });
}

/** Solves (J'J + damping diag J'J) move = -J'e, J by forward differences. */
function proposedMove<Sample extends Measured>(
  law: Law<Sample>,
  samples: readonly Sample[],
  constants: readonly number[],
  errors: readonly number[],
  free: readonly number[],
  damping: number,
): number[] {
  const columns = free.map((index) => {
    const nudged = constants.map((value, one) => (one === index ? value * (1 + NUDGE) : value));
    return relativeErrors(law, samples, nudged).map((error, row) => (error - errors[row]) / NUDGE);
  });
  const matrix = columns.map((a, i) => columns.map((b, j) => dot(a, b) * (i === j ? 1 + damping : 1)));
  for (const [i, row] of matrix.entries()) if (row[i] === 0) row[i] = 1;
  return solve(
    matrix,
    columns.map((column) => -dot(column, errors)),
  );
}

/** Gaussian elimination with partial pivoting, on copies. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]]);
  const n = rows.length;
  for (let column = 0; column < n; column++) {
    let best = column;
    for (let row = column + 1; row < n; row++) if (Math.abs(rows[row][column]) > Math.abs(rows[best][column])) best = row;
    [rows[column], rows[best]] = [rows[best], rows[column]];
    for (let row = column + 1; row < n; row++) {
      const factor = rows[row][column] / rows[column][column];
      for (let k = column; k <= n; k++) rows[row][k] -= factor * rows[column][k];
    }
  }
  const answer = new Array<number>(n).fill(0);
  for (let row = n - 1; row >= 0; row--) {
    let rest = rows[row][n];
    for (let k = row + 1; k < n; k++) rest -= rows[row][k] * answer[k];
    answer[row] = rest / rows[row][row];
  }
  return answer;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * b[index], 0);
}

function sumOfSquares(errors: readonly number[]): number {
  return dot(errors, errors);
}
