import { createAssignment, type Router } from '../router.ts';
import { chooseTopTwo, seat, seatFirstChoices, skip } from '../top-two.ts';

/** A second weight of at least this much always asks for its expert, a smaller one with probability weight / threshold. */
const SECOND_THRESHOLD = 0.2;

/**
 * Mesh-TensorFlow's top-2 under its `random` policy: second choices queue behind the kept first choices, and one that was not
 * requested takes no place in the queue, so slots fill without gaps.
 */
export const mtfTop2: Router = {
  topK: 2,
  title: 'Mesh-TensorFlow top-2',
  source: 'tensorflow/mesh@da90793 mesh_tensorflow/transformer/moe.py _top_2_gating (second_policy random, threshold 0.2)',
  route: (input, into = createAssignment(input.tokens, 2)) => {
    const { tokens, experts, expertCapacity, draw } = input;
    chooseTopTwo(input, into);
    const queued = seatFirstChoices(input, into);
    for (let e = 0; e < experts; e++) queued[e] = Math.min(queued[e], expertCapacity);
    for (let token = 0; token < tokens; token++) {
      const row = 2 * token + 1;
      if (draw(token) < into.weight[row] / SECOND_THRESHOLD) seat(into, row, queued[into.expert[row]]++, expertCapacity);
      else skip(into, row);
    }
    return into;
  },
};
