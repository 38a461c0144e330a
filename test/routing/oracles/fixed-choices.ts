import type { ScoredInput } from '../scores.ts';
import type { Mask, Oracle, OracleAnswer } from './oracle.ts';
import { byChoice, combineOf, slotsInOrder } from './top-k.ts';

/** What stands fixed before any score: chosen[s] are the experts of token s, all with the same weight. */
export function fixedChoices(input: ScoredInput, chosen: readonly (readonly number[])[]): OracleAnswer {
  const topK = chosen[0].length;
  const masks: Mask[] = Array.from({ length: topK }, (_, choice) =>
    chosen.map((experts) => Array.from({ length: input.experts }, (_, e) => (experts[choice] === e ? 1 : 0))),
  );
  const tokens = chosen.map((_, token) => token);
  const slots = slotsInOrder(input, masks, byChoice(tokens, topK));
  const weights = chosen.map((experts) => experts.map(() => 1 / topK));
  return { combine: combineOf(input, masks, slots, weights), auxiliaryLoss: 0 };
}

const perToken = ({ tokens }: ScoredInput, experts: (token: number) => number[]) => Array.from({ length: tokens }, (_, t) => experts(t));

export const random: Oracle = (input) =>
  fixedChoices(
    input,
    perToken(input, (token) => [Math.floor(input.draw(token, 0) * input.experts)]),
  );

export const thor: Oracle = (input) =>
  fixedChoices(
    input,
    perToken(input, (token) => {
      const first = Math.floor(input.draw(token, 0) * input.experts);
      const others = Array.from({ length: input.experts }, (_, e) => e).filter((e) => e !== first);
      return [first, others[Math.floor(input.draw(token, 1) * others.length)]];
    }),
  );

export const domain: Oracle = (input, options) => {
  const n = Number(options.expertsPerDomain);
  return fixedChoices(
    input,
    perToken(input, (token) => {
      const first = (input.domains[token] * n) % input.experts;
      const before = [...input.domains.slice(0, token)].filter((other) => (other * n) % input.experts === first).length;
      return [(first + (before % n)) % input.experts];
    }),
  );
};

export const trace: Oracle = (input, options) => {
  const topK = Number(options.topK);
  return fixedChoices(
    input,
    perToken(input, (token) => [...input.recorded.slice(token * topK, (token + 1) * topK)]),
  );
};
