import { fixedChoices } from './fixed-choices.ts';
import type { Oracle } from './oracle.ts';

export const hash: Oracle = (input, { table, vocabulary }) => {
  const highest = Math.max(...input.tokenIds) + 1;
  const expertOf = table === 'balanced' ? dealt(highest, input.experts) : hashed(highest, input.experts);
  if (highest > Number(vocabulary)) throw new Error('an id is outside the vocabulary');
  return fixedChoices(
    input,
    Array.from(input.tokenIds, (id) => [expertOf[id]]),
  );
};

/** Frequent ids first, each to the first of the least loaded experts. */
function dealt(ids: number, experts: number): number[] {
  const load = Array.from({ length: experts }, () => 0);
  return Array.from({ length: ids }, (_, id) => {
    const lightest = load.indexOf(Math.min(...load));
    load[lightest] += 1 / (id + 1);
    return lightest;
  });
}

/** MurmurHash3's finaliser in exact integers. */
function hashed(ids: number, experts: number): number[] {
  const low = (value: bigint): bigint => value & 0xffffffffn;
  return Array.from({ length: ids }, (_, id) => {
    let bits = BigInt(id + 1);
    bits = low((bits ^ (bits >> 16n)) * 0x85ebca6bn);
    bits = low((bits ^ (bits >> 13n)) * 0xc2b2ae35n);
    bits ^= bits >> 16n;
    return Number((bits * BigInt(experts)) >> 32n);
  });
}
