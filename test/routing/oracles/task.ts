import { softmax } from '../scores.ts';
import { type Oracle, pick } from './oracle.ts';
import { balanceOfAll, byChoice, combineOf, slotsInOrder, topMasks } from './top-k.ts';

/** Every token gets the mean scores of its task, and is then routed by them on its own. */
export const task: Oracle = (input, options) => {
  const topK = Number(options.topK);
  const { scores, domains } = input;
  const shared = scores.map((row, token) => {
    const mates = scores.filter((_, other) => domains[other] === domains[token]);
    return row.map((_, e) => mates.reduce((sum, mate) => sum + mate[e], 0) / mates.length);
  });
  const probabilities = shared.map((row) => softmax(row));
  const masks = topMasks(shared, topK);
  const tokens = scores.map((_, token) => token);
  const slots = slotsInOrder(input, masks, byChoice(tokens, topK));
  const weights = tokens.map((token) => masks.map((mask) => pick(probabilities, mask)[token]));
  return { combine: combineOf(input, masks, slots, weights), auxiliaryLoss: balanceOfAll(probabilities, masks) };
};
