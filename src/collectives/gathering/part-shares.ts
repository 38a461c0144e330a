/**
 * Shares of the parts of an array so that the fullest link carries as little as can be. `loads[k][o]` is what part o puts on the links of
 * dimension k when it is the whole array. The smallest maximum of sums is a corner: some parts have a share, as many dimensions are equally full,
 * and with up to three of each all corners can be tried. Rings always have the corner at which all dimensions are equally full.
 */
export function partShares(loads: readonly (readonly number[])[]): number[] {
  const all = loads.map((_, i) => i);
  let best: number[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (const size of all.map((i) => all.length - i)) {
    for (const parts of subsets(all, size)) {
      for (const rows of subsets(all, size)) {
        const shares = equalLoads(loads, parts, rows);
        if (shares === null || shares.some((share) => !(share >= 0))) continue;
        const fullest = fullestLoad(loads, shares);
        if (fullest < least * (1 - ROUNDING)) [best, least] = [shares, fullest];
      }
    }
  }
  return best;
}

/** What the fullest dimension carries. */
export function fullestLoad(loads: readonly (readonly number[])[], shares: readonly number[]): number {
  return Math.max(...loads.map((row) => row.reduce((sum, load, part) => sum + load * shares[part], 0)));
}

/** Shares of `parts` that add up to 1 and load `rows` equally; null where there are none. */
function equalLoads(loads: readonly (readonly number[])[], parts: readonly number[], rows: readonly number[]): number[] | null {
  const unknowns = parts.length;
  const matrix = rows.map((k) => [...parts.map((o) => loads[k][o]), 1]);
  for (let column = 0; column < unknowns; column++) {
    const pivot = rows.reduce(
      (most, _, i) => (i > most && Math.abs(matrix[i][column]) > Math.abs(matrix[most][column]) ? i : most),
      column,
    );
    if (Math.abs(matrix[pivot][column]) < ROUNDING) return null;
    [matrix[column], matrix[pivot]] = [matrix[pivot], matrix[column]];
    for (let i = 0; i < unknowns; i++) {
      if (i === column) continue;
      const factor = matrix[i][column] / matrix[column][column];
      for (let j = column; j <= unknowns; j++) matrix[i][j] -= factor * matrix[column][j];
    }
  }
  const solution = matrix.map((row, i) => row[unknowns] / row[i]);
  const sum = solution.reduce((total, share) => total + share, 0);
  const shares = loads.map(() => 0);
  for (const [i, part] of parts.entries()) shares[part] = solution[i] / sum;
  return shares;
}

function subsets(items: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, i) => subsets(items.slice(i + 1), size - 1).map((rest) => [item, ...rest]));
}

const ROUNDING = 1e-12;
