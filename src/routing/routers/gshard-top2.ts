import { type Assignment, seat, skip } from '../assignment.ts';
import { defineRouter } from '../define-router.ts';
import { balanceLossOf, countFirstChoices } from '../load-balance.ts';
import { word } from '../options.ts';
import type { RouterInput } from '../router.ts';
import { chooseTopTwo, seatFirstChoices, topTwoBackward } from '../top-two.ts';

/**
 * GShard's top-2: the second expert is asked with probability 2 * g2, g2 being the normalised weight.
 * Every choice advances its expert's counter, whether it was dispatched or not, so second choices queue behind all first choices and
 * leave gaps: an expert may drop tokens before its last slot is filled. (The paper's auxiliary loss divides by E where this one multiplies; it is
 * 1 when routing is uniform, as that of the other routers is.)
 */
export const gshardTop2 = defineRouter({
  title: 'GShard top-2',
  source: 'Lepikhin et al. 2020, arXiv 2006.16668, Algorithm 1',
  options: {
    secondChoice: word(['random', 'all'], 'random', 'which second choices are dispatched: with probability 2 * weight, or all'),
  },
  create: ({ secondChoice }) => ({
    topK: 2,
    learned: true,
    reads: ['probabilities'],
    allToAlls: 2,
    rows: ({ tokens }) => 2 * tokens,
    ownCapacity: null,
    ...(secondChoice === 'all' ? {} : { ownRule: { words: 'which second choices are dispatched (random)', about: 'choices' } }),
    route: (input, into) => route(input, into, secondChoice === 'all'),
    auxiliaryLoss: (input, assignment) => balanceLossOf(input, countFirstChoices(assignment, input)),
    backward: topTwoBackward,
  }),
});

function route(input: RouterInput, into: Assignment, all: boolean): void {
  const { tokens, expertCapacity, draw } = input;
  chooseTopTwo(input, into);
  const queued = seatFirstChoices(input, into);
  for (let row = 1; row < 2 * tokens; row += 2) {
    const position = queued[into.expert[row]]++;
    if (all || 2 * into.weight[row] > draw(row >> 1, 0)) seat(into, row, position, expertCapacity);
    else skip(into, row);
  }
}
