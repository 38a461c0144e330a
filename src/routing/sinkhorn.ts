import { exp } from '../base/index.ts';

export interface SinkhornOptions {
  /** At most so many passes over the matrix. */
  readonly iterations: number;
  /** A pass ends the search when no column sum is off by more than this part of S / E. */
  readonly tolerance: number;
}

/** A matrix [S, E] and factors of its columns; with rows brought to the sum 1 it is the plan. */
export interface ScaledMatrix {
  /** [S, E]: exp(logit - largest of the row). */
  readonly matrix: Float64Array;
  /** [E]. */
  readonly columns: Float64Array;
  /** Passes made. */
  readonly passes: number;
  /** Largest distance of a column sum from S / E, as a part of S / E. */
  readonly columnError: number;
}

export interface SinkhornPlan extends Pick<ScaledMatrix, 'passes' | 'columnError'> {
  /** [S, E]: rows sum to 1, columns nearly to S / E. */
  readonly plan: Float64Array;
}

/** Beyond it a logit below the best of its row counts as so far below: e^-300 and its inverse, and products of the two, are finite. */
const LARGEST_SPREAD = 300;

/**
 * Entropic optimal transport between tokens and experts (Sinkhorn and Knopp 1967; Cuturi 2013, arXiv 1306.0895, algorithm 1): the positive plan P [S, E]
 * with rows of sum 1 and columns of sum S / E that is the greatest in sum of P logits + entropy of P. It is diag(u) exp(logits) diag(v); each
 * pass makes the rows right by u, measures the columns, and corrects v.
 */
export function scaleColumns(logits: Float32Array, experts: number, { iterations, tolerance }: SinkhornOptions): ScaledMatrix {
  const matrix = powers(logits, experts);
  const share = logits.length / experts / experts;
  const columns = new Float64Array(experts).fill(1);
  const sums = new Float64Array(experts);
  for (let passes = 1; ; passes++) {
    addRows(matrix, columns, sums);
    let columnError = 0;
    for (let e = 0; e < experts; e++) {
      sums[e] *= columns[e];
      const error = Math.abs(sums[e] / share - 1);
      if (error > columnError) columnError = error;
    }
    if (columnError <= tolerance || passes >= iterations) return { matrix, columns, passes, columnError };
    for (let e = 0; e < experts; e++) columns[e] *= share / sums[e];
  }
}

/** The whole plan, for those who want to see more of it than its largest entries. */
export function sinkhornPlan(logits: Float32Array, experts: number, options: SinkhornOptions): SinkhornPlan {
  const { matrix, columns, passes, columnError } = scaleColumns(logits, experts, options);
  const plan = new Float64Array(matrix.length);
  for (let at = 0; at < plan.length; at += experts) {
    let sum = 0;
    for (let e = 0; e < experts; e++) sum += matrix[at + e] * columns[e];
    for (let e = 0; e < experts; e++) plan[at + e] = (matrix[at + e] * columns[e]) / sum;
  }
  return { plan, passes, columnError };
}

function powers(logits: Float32Array, experts: number): Float64Array {
  const matrix = new Float64Array(logits.length);
  for (let at = 0; at < logits.length; at += experts) {
    let top = logits[at];
    for (let i = at + 1; i < at + experts; i++) if (logits[i] > top) top = logits[i];
    for (let i = at; i < at + experts; i++) {
      const below = logits[i] - top;
      matrix[i] = exp(Math.max(below, -LARGEST_SPREAD));
    }
  }
  return matrix;
}

/** sums[e] = sum over the rows of u_s matrix[s, e] with u_s = 1 / sum over e of matrix[s, e] columns[e]. */
function addRows(matrix: Float64Array, columns: Float64Array, sums: Float64Array): void {
  const experts = columns.length;
  sums.fill(0);
  for (let at = 0; at < matrix.length; at += experts) {
    let sum = 0;
    for (let e = 0; e < experts; e++) sum += matrix[at + e] * columns[e];
    const u = 1 / sum;
    for (let e = 0; e < experts; e++) sums[e] += u * matrix[at + e];
  }
}
