import { assert } from '../base/index.ts';
import { type Chips, WORKED_SOLUTIONS } from './worked-solutions.ts';

/** A problem with printed answers, as `data/worked-problems.json` has them. */
export interface WorkedProblem {
  readonly id: string;
  readonly question: string;
  readonly source: string;
  readonly asOf: string;
  readonly note?: string;
  /** `within`: half of the last digit that is printed, or what the source's own rounding amounts to (then `note` says so). */
  readonly answers: readonly { readonly quantity: string; readonly printed: number; readonly within: number; readonly unit: string }[];
}

export interface WorkedRow {
  readonly id: string;
  readonly quantity: string;
  readonly source: string;
  readonly printed: number;
  readonly ours: number;
  readonly exact: number | null;
  readonly met: boolean;
}

/** Every answer beside ours. A problem without a solution, or a solution without a problem, is our mistake. */
export function workedRows(problems: readonly WorkedProblem[], chips: Chips): WorkedRow[] {
  const known = problems.map(({ id }) => id);
  assert(
    Object.keys(WORKED_SOLUTIONS).every((id) => known.includes(id)),
    'every solution has its problem',
  );
  return problems.flatMap(({ id, source, answers }) => {
    assert(Object.hasOwn(WORKED_SOLUTIONS, id), `problem ${id} has no solution`);
    const solved = WORKED_SOLUTIONS[id](chips);
    return answers.map(({ quantity, printed, within }) => {
      assert(Object.hasOwn(solved, quantity), `problem ${id} has no answer for ${quantity}`);
      const { book, exact } = solved[quantity];
      return { id, quantity, source, printed, ours: book, exact: exact ?? null, met: Math.abs(book - printed) <= within + 1e-9 * printed };
    });
  });
}
