import { softmax } from '../scores.ts';
import { emptyCombine, type Oracle, probabilitiesOf } from './oracle.ts';

const transpose = (rows: readonly (readonly number[])[]): number[][] => rows[0].map((_, column) => rows.map((row) => row[column]));

export const expertChoice: Oracle = (input, { softmaxOver }) => {
  const { experts, expertCapacity } = input;
  /** [E, S] */
  const columns = softmaxOver === 'tokens' ? transpose(input.scores).map(softmax) : transpose(probabilitiesOf(input));
  const combine = emptyCombine(input);
  columns.forEach((column, e) => {
    // Equal f32 scores go to the lower token, so the order is that of the rounded scores.
    const ranked = column.map((_, token) => token).sort((a, b) => Math.fround(column[b]) - Math.fround(column[a]) || a - b);
    ranked.slice(0, expertCapacity).forEach((token, slot) => {
      combine[(token * experts + e) * expertCapacity + slot] = column[token];
    });
  });
  return { combine, auxiliaryLoss: 0 };
};
