/**
 * The greatest sum of scores [n][n] when every row gets a column of its own, and the column of each row: the Hungarian method by rows with potentials
 * (Kuhn 1955; Munkres 1957), in n^3 steps.
 */
export function bestAssignment(scores: readonly (readonly number[])[]): { readonly sum: number; readonly columnOf: number[] } {
  const n = scores.length;
  const rowPotential = new Array<number>(n + 1).fill(0);
  const columnPotential = new Array<number>(n + 1).fill(0);
  // Rows and columns count from 1; column 0 holds the row that looks for a place.
  const rowOf = new Array<number>(n + 1).fill(0);
  for (let row = 1; row <= n; row++) {
    const slack = new Array<number>(n + 1).fill(Number.POSITIVE_INFINITY);
    const via = new Array<number>(n + 1).fill(0);
    const reached = new Array<boolean>(n + 1).fill(false);
    rowOf[0] = row;
    let column = 0;
    do {
      reached[column] = true;
      const here = rowOf[column];
      let least = Number.POSITIVE_INFINITY;
      let next = 0;
      for (let c = 1; c <= n; c++) {
        if (reached[c]) continue;
        const reduced = -scores[here - 1][c - 1] - rowPotential[here] - columnPotential[c];
        if (reduced < slack[c]) {
          slack[c] = reduced;
          via[c] = column;
        }
        if (slack[c] < least) {
          least = slack[c];
          next = c;
        }
      }
      for (let c = 0; c <= n; c++) {
        if (reached[c]) {
          rowPotential[rowOf[c]] += least;
          columnPotential[c] -= least;
        } else slack[c] -= least;
      }
      column = next;
    } while (rowOf[column] !== 0);
    while (column !== 0) {
      rowOf[column] = rowOf[via[column]];
      column = via[column];
    }
  }
  const columnOf = new Array<number>(n).fill(0);
  for (let column = 1; column <= n; column++) columnOf[rowOf[column] - 1] = column - 1;
  return { sum: columnOf.reduce((sum, column, row) => sum + scores[row][column], 0), columnOf };
}

/**
 * The greatest sum of scores [S][E] when the loads of experts differ by at most one: every expert is floor(S / E) columns that need a token, and where
 * tokens are left over one more column, which may also stay empty: rows of zeros fill those.
 */
export function bestBalancedSum(scores: readonly (readonly number[])[]): number {
  const experts = scores[0].length;
  const fewest = Math.floor(scores.length / experts);
  const over = scores.length % experts;
  const needed = Array.from({ length: experts * fewest }, (_, column) => column % experts);
  const optional = over === 0 ? [] : scores[0].map((_, e) => e);
  const rows = scores.map((row) => [...needed, ...optional].map((e) => row[e]));
  const empty = Array.from({ length: optional.length - over }, () => [...needed.map(() => -1e6), ...optional.map(() => 0)]);
  return bestAssignment(over === 0 ? rows : [...rows, ...empty]).sum;
}
