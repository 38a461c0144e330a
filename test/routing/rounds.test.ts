import { expect, it } from 'vitest';
import { createRouter } from '../../src/routing/index.ts';
import { scoredInput } from './scores.ts';

it('no-token-left-behind: of tokens that all like the same experts, the last is seated in the last round, and not with one round fewer', () => {
  const input = scoredInput(
    Array.from({ length: 4 }, () => [2, 1.5, 1, 0.5, 0]),
    1,
    1,
  );
  const seated = (rounds: number): number[] => {
    const { expert, slot } = createRouter('no-token-left-behind', { rounds }).route(input);
    return Array.from(expert, (e, token) => (slot[token] >= 0 ? e : -1));
  };
  expect(seated(4)).toEqual([0, 1, 2, 3]);
  expect(seated(3)).toEqual([0, 1, 2, -1]);
});
