import { type Assignment, seat, skip } from '../assignment.ts';
import { defineRouter } from '../define-router.ts';
import { balanceLossOf, countFirstChoices } from '../load-balance.ts';
import { number, word } from '../options.ts';
import type { RouterInput } from '../router.ts';
import { chooseTopTwo, seatFirstChoices, topTwoBackward } from '../top-two.ts';

/** Keeps the division by the threshold finite, as the source does. */
const SMALLEST_THRESHOLD = 1e-9;

/**
 * Mesh-TensorFlow's top-2: second choices queue behind the first choices, and one that was not requested takes no place in the queue, so slots
 * fill without gaps. (The source starts behind the *kept* first choices; behind dropped ones nobody finds a slot, so it makes no difference.)
 * Under the `random` policy a second weight of at least the threshold always asks for its expert, a smaller one with probability
 * weight / threshold; under `threshold` it asks when it is above it; under `all` and `none` always and never.
 */
export const mtfTop2 = defineRouter({
  title: 'Mesh-TensorFlow top-2',
  source: 'tensorflow/mesh@da90793 mesh_tensorflow/transformer/moe.py _top_2_gating',
  options: {
    secondPolicy: word(['random', 'threshold', 'all', 'none'], 'random', 'which second choices ask for their expert'),
    secondThreshold: number(0.2, 0, 1, 'second weight from which random and threshold always ask'),
  },
  create: ({ secondPolicy, secondThreshold }) => ({
    topK: 2,
    learned: true,
    reads: ['probabilities'],
    allToAlls: 2,
    rows: ({ tokens }) => 2 * tokens,
    ownCapacity: null,
    ...(secondPolicy === 'all' ? {} : { ownRule: { words: `which second choices ask (${secondPolicy})`, about: 'choices' } }),
    route: (input, into) => {
      const threshold = Math.max(secondThreshold, SMALLEST_THRESHOLD);
      switch (secondPolicy) {
        case 'random':
          return route(input, into, (token, weight) => input.draw(token, 0) < weight / threshold);
        case 'threshold':
          return route(input, into, (_, weight) => weight > secondThreshold);
        case 'all':
          return route(input, into, () => true);
        case 'none':
          return route(input, into, () => false);
      }
    },
    auxiliaryLoss: (input, assignment) => balanceLossOf(input, countFirstChoices(assignment, input)),
    backward: topTwoBackward,
  }),
});

function route(input: RouterInput, into: Assignment, asks: (token: number, weight: number) => boolean): void {
  const { tokens, expertCapacity } = input;
  chooseTopTwo(input, into);
  const queued = seatFirstChoices(input, into);
  for (let row = 1; row < 2 * tokens; row += 2) {
    if (asks(row >> 1, into.weight[row])) seat(into, row, queued[into.expert[row]]++, expertCapacity);
    else skip(into, row);
  }
}
