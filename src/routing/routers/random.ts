import { defineRouter } from '../define-router.ts';
import { fixedChoices } from '../fixed-choices.ts';

/** One expert for each token, every one equally likely, in training as at evaluation: what a gate must beat. */
export const random = defineRouter({
  title: 'Random',
  source: 'the baseline of Roller et al. 2021, arXiv 2106.04426, and of Zuo et al. 2021, arXiv 2110.04260',
  options: {},
  create: () =>
    fixedChoices(1, [], ({ experts, draw }, expert) => {
      for (let token = 0; token < expert.length; token++) expert[token] = Math.floor(draw(token, 0) * experts);
    }),
});
