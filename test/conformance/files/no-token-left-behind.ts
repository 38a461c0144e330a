import { expect } from 'vitest';
import { expectEqual, type VectorFile } from '../case.ts';
import { routed } from '../routed.ts';

interface Example {
  readonly seed: number;
  readonly capacity: number;
  readonly iterations: number;
  readonly logits: readonly (readonly number[])[];
  /** -1, or nothing, where no round found room: in one of the two or in both. */
  readonly expert: readonly (number | null)[];
  readonly iteration: readonly (number | null)[];
  readonly dropped: number;
}

/** Tokens that overflow go to their next best expert, for some rounds. */
export function noTokenLeftBehind({ cases }: { readonly cases: readonly Example[] }): VectorFile {
  return {
    cases: cases.map((example) => ({ name: `seed ${example.seed}, ${example.iterations} rounds`, run: () => check(example) })),
  };
}

function check({ capacity, iterations, logits, expert, iteration, dropped }: Example): void {
  const seatedAfter = (rounds: number) => {
    const { expert: chosen, slot } = routed('no-token-left-behind', { rounds }, logits, capacity).assignment;
    return Array.from(chosen, (e, token) => (slot[token] >= 0 ? e : -1));
  };
  const rounds = Array.from({ length: iterations }, (_, round) => seatedAfter(round + 1));
  const all = rounds[iterations - 1];
  const seats = expert.map((chosen, token) => {
    const [e, round] = [chosen ?? -1, iteration[token] ?? -1];
    return e >= 0 && round >= 0 && round < iterations ? { expert: e, round } : { expert: -1, round: -1 };
  });
  expectEqual(
    all,
    seats.map((seat) => seat.expert),
    'expert',
  );
  expect(all.filter((e) => e < 0).length, 'dropped').toBe(dropped);
  // The round in which a token is seated is the number of rounds without which it is not.
  expectEqual(
    all.map((_, token) => rounds.findIndex((seated) => seated[token] >= 0)),
    seats.map((seat) => seat.round),
    'round',
  );
}
