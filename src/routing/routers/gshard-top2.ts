import { createAssignment, type Router } from '../router.ts';
import { chooseTopTwo, seat, seatFirstChoices, skip } from '../top-two.ts';

/**
 * GShard's top-2: the second expert is asked with probability 2 * g2, g2 being the normalised weight.
 * Every choice advances its expert's counter, whether it was dispatched or not, so second choices queue behind all first choices and
 * leave gaps: an expert may drop tokens before its last slot is filled.
 */
export const gshardTop2: Router = {
  topK: 2,
  title: 'GShard top-2',
  source: 'Lepikhin et al. 2020, arXiv 2006.16668, Algorithm 1',
  route: (input, into = createAssignment(input.tokens, 2)) => {
    const { tokens, expertCapacity, draw } = input;
    chooseTopTwo(input, into);
    const queued = seatFirstChoices(input, into);
    for (let token = 0; token < tokens; token++) {
      const row = 2 * token + 1;
      const position = queued[into.expert[row]]++;
      if (2 * into.weight[row] > draw(token)) seat(into, row, position, expertCapacity);
      else skip(into, row);
    }
    return into;
  },
};
