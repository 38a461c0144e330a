import type { Numerics } from '../numerics.ts';

const LANES = 4;

/**
 * Sum of term(0) .. term(count - 1) along a row: four partial sums by index modulo 4, each from 0 and in order, added as (0 + 1) + (2 + 3). So a path
 * with four lanes gives the same bits. Terms arrive rounded.
 */
export function laneSum({ round }: Numerics, count: number, term: (index: number) => number): number {
  const lanes = [0, 0, 0, 0];
  for (let i = 0; i < count; i++) lanes[i % LANES] = round(lanes[i % LANES] + term(i));
  return round(round(lanes[0] + lanes[1]) + round(lanes[2] + lanes[3]));
}
