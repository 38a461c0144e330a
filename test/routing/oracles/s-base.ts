import { softmax } from '../scores.ts';
import { addTo, columnSums, emptyCombine, exclusiveCumsum, type Mask, type Oracle, oneHotMax, pick } from './oracle.ts';

const logSumExp = (values: readonly number[]): number => {
  const top = Math.max(...values);
  return top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
};

/** Logarithms of the plan: rows and columns are made right in turn until the columns of a plan with right rows are. */
function logPlan(scores: readonly (readonly number[])[], iterations: number, tolerance: number): Mask {
  const [tokens, experts] = [scores.length, scores[0].length];
  let columns = scores[0].map(() => 0);
  for (let pass = 1; ; pass++) {
    const shifted = scores.map((row) => row.map((score, e) => score + columns[e]));
    const plan = shifted.map((row) => row.map((entry) => entry - logSumExp(row)));
    const sums = columnSums(plan.map((row) => row.map(Math.exp)));
    const misfit = Math.max(...sums.map((sum) => Math.abs((sum * experts) / tokens - 1)));
    if (misfit <= tolerance || pass === iterations) return plan;
    columns = columns.map((column, e) => column + Math.log(tokens / experts / sums[e]));
  }
}

const largestEntries = (plan: Mask): Mask =>
  plan.map((row) => {
    const first = row.findIndex((entry) => entry >= Math.max(...row) - 1e-9);
    return row.map((_, e) => (e === first ? 1 : 0));
  });

export const sBase: Oracle = (input, { iterations, tolerance }) => {
  const mask = input.training ? largestEntries(logPlan(input.scores, Number(iterations), Number(tolerance))) : oneHotMax(input.scores);
  const probabilities = input.scores.map((row) => softmax(row));
  const combine = emptyCombine(input);
  addTo(combine, input, mask, exclusiveCumsum(mask), pick(probabilities, mask));
  return { combine, auxiliaryLoss: 0 };
};
