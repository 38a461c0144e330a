import { defineRouter } from '../define-router.ts';
import { fixedChoices } from '../fixed-choices.ts';
import { wholeNumber } from '../options.ts';
import { required } from '../required.ts';

/**
 * The expert is given by the token's domain or language: domain mod E, one expert per domain (DEMix). With n > 1 experts per domain they are
 * (domain * n + 0 .. n - 1) mod E, and the domain's tokens of a group take turns among them.
 */
export const domain = defineRouter({
  title: 'Domain (DEMix)',
  source: 'Gururangan et al. 2021, arXiv 2108.05036, section 3',
  options: { expertsPerDomain: wholeNumber(1, 1, 64, 'experts that the tokens of a domain take turns among; 1 in the paper') },
  create: ({ expertsPerDomain }) =>
    fixedChoices(1, ['domains'], (input, expert) => {
      const { experts } = input;
      const domains = required(input, 'domains');
      const turns = new Int32Array(experts);
      for (let token = 0; token < expert.length; token++) {
        const first = (domains[token] * expertsPerDomain) % experts;
        expert[token] = (first + (turns[first]++ % expertsPerDomain)) % experts;
      }
    }),
});
