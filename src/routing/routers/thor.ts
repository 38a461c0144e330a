import { defineRouter } from '../define-router.ts';
import { fixedChoices } from '../fixed-choices.ts';

/**
 * Two different experts for each token, every pair equally likely, in training as at evaluation. In the paper the two are two passes, whose predictions a
 * consistency loss brings together; one pass with half of the weight each sends and computes as much for experts, and has no such loss.
 */
export const thor = defineRouter({
  title: 'THOR, two random experts',
  source: 'Zuo et al. 2021, arXiv 2110.04260, section 3',
  options: {},
  create: () =>
    fixedChoices(2, [], ({ tokens, experts, draw }, expert) => {
      for (let token = 0; token < tokens; token++) {
        const first = Math.floor(draw(token, 0) * experts);
        // One of the others: those from the first on move up by one.
        const other = Math.floor(draw(token, 1) * (experts - 1));
        expert[2 * token] = first;
        expert[2 * token + 1] = other < first ? other : other + 1;
      }
    }),
});
