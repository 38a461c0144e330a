import { softmax } from '../scores.ts';
import { columnSums, type Oracle } from './oracle.ts';
import { byChoice, combineOf, slotsInOrder, topMasks } from './top-k.ts';

export const denseToSparse: Oracle = (input, options) => {
  const { scores, experts, tokens, draw, training } = input;
  const most = Number(options.maxExperts);
  const gates = scores.map((row, token) =>
    softmax(row.map((logit, e) => (logit - (training ? Math.log(-Math.log(draw(token, e) + 2 ** -33)) : 0)) / Number(options.temperature))),
  );
  const masks = topMasks(
    gates.map((row) => row.map(Math.fround)),
    most,
  );
  const standing = scores.map((_, token) => token);
  const gateOf = (token: number, choice: number): number => gates[token][masks[choice][token].indexOf(1)];
  const queue = byChoice(standing, most).filter(
    ({ token, choice }) => choice === 0 || Math.fround(gateOf(token, choice)) > Number(options.threshold),
  );
  const slots = slotsInOrder(input, masks, queue);
  const used = standing.map(() => scores[0].map(() => 0));
  for (const { token, choice } of queue) used[token][masks[choice][token].indexOf(1)] = 1;
  const mean = columnSums(gates).map((sum) => sum / tokens);
  return {
    combine: combineOf(
      input,
      masks,
      slots,
      standing.map((token) => masks.map((_, choice) => gateOf(token, choice))),
    ),
    auxiliaryLoss: experts * columnSums(used).reduce((sum, count, e) => sum + (count / tokens) * mean[e], 0),
    decisions: queue.map(({ token, choice }) => masks[choice][token].indexOf(1)).join(','),
  };
};
