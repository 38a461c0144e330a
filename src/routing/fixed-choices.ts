import type { RouterRules } from './define-router.ts';
import type { RouterInput, RouterRead } from './router.ts';
import { seatByChoice } from './seat-choices.ts';

/**
 * Routers without a gate: `choose` writes the experts [S * topK], token-major, from ids, domains or draws. Every kept choice has the weight 1 / topK,
 * nothing is learned, and choices queue as they do for top-k routers, all first choices before all second ones.
 */
export function fixedChoices(
  topK: number,
  reads: readonly RouterRead[],
  choose: (input: RouterInput, expert: Int32Array) => void,
): RouterRules {
  return {
    topK,
    learned: false,
    reads,
    allToAlls: 2,
    rows: ({ tokens }) => tokens * topK,
    ownCapacity: null,
    route: (input, into) => {
      choose(input, into.expert);
      into.weight.fill(1 / topK);
      seatByChoice(input, into, topK, null);
    },
    auxiliaryLoss: () => 0,
    backward: () => {
      // There is no gate that a gradient could reach.
    },
  };
}
