import type { Assignment } from './router.ts';

/** Counts over any number of groups of one layer. */
export interface RoutingTally {
  /** [experts]: choices that asked for the expert, and those that found a slot. */
  readonly requested: Float64Array;
  readonly kept: Float64Array;
  tokens: number;
  /** Tokens none of whose choices found a slot. */
  droppedTokens: number;
  /** Sum of the combine weights of kept choices. */
  keptWeight: number;
}

export function createTally(experts: number): RoutingTally {
  return { requested: new Float64Array(experts), kept: new Float64Array(experts), tokens: 0, droppedTokens: 0, keptWeight: 0 };
}

/** Adds one group of `tokens` tokens; returns how many of them were dropped. */
export function addToTally(tally: RoutingTally, assignment: Assignment, tokens: number): number {
  const { topK, expert, slot, requested, weight } = assignment;
  let dropped = 0;
  for (let token = 0, row = 0; token < tokens; token++) {
    let keptChoices = 0;
    for (let choice = 0; choice < topK; choice++, row++) {
      if (requested[row] === 0) continue;
      tally.requested[expert[row]]++;
      if (slot[row] < 0) continue;
      tally.kept[expert[row]]++;
      tally.keptWeight += weight[row];
      keptChoices++;
    }
    if (keptChoices === 0) dropped++;
  }
  tally.tokens += tokens;
  tally.droppedTokens += dropped;
  return dropped;
}

/** Share of tokens that no expert processed; they live on through the residual connection. */
export function droppedTokenFraction(tally: RoutingTally): number {
  return tally.tokens === 0 ? 0 : tally.droppedTokens / tally.tokens;
}

/** Filled share of all slots (`slotsPerExpert` = expertCapacity x groups); google/flaxformer@399ea3a moe_layers.py calls it so. */
export function expertUsage(tally: RoutingTally, slotsPerExpert: number): number {
  const slots = slotsPerExpert * tally.kept.length;
  return slots === 0 ? 0 : sum(tally.kept) / slots;
}

/** Mean combine weight of the choices that were kept; google/flaxformer@399ea3a moe_layers.py. */
export function routerConfidence(tally: RoutingTally): number {
  const kept = sum(tally.kept);
  return kept === 0 ? 0 : tally.keptWeight / kept;
}

/** Fullest expert over the mean: 1 is perfect balance, the number of experts is collapse. */
export function maxOverMean(counts: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < counts.length; i++) most = Math.max(most, counts[i]);
  return most === 0 ? 1 : (most * counts.length) / sum(counts);
}

/** Entropy of the loads as a share of its maximum log(experts): 1 is perfect balance, 0 is collapse. */
export function loadEntropy(counts: ArrayLike<number>): number {
  const total = sum(counts);
  if (total === 0 || counts.length < 2) return 1;
  let entropy = 0;
  for (let i = 0; i < counts.length; i++) {
    const share = counts[i] / total;
    if (share > 0) entropy -= share * logarithm(share);
  }
  return entropy / logarithm(counts.length);
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}

const HIGHEST_TERM = 23;

/** Natural logarithm by basic operations alone, because Math.log differs between engines: x = m * 2^e, log m = 2 atanh((m - 1) / (m + 1)). */
function logarithm(x: number): number {
  let mantissa = x;
  let exponent = 0;
  for (; mantissa > Math.SQRT2; exponent++) mantissa /= 2;
  for (; mantissa < Math.SQRT1_2; exponent--) mantissa *= 2;
  const ratio = (mantissa - 1) / (mantissa + 1);
  let series = 0;
  for (let term = HIGHEST_TERM; term >= 1; term -= 2) series = series * ratio * ratio + 1 / term;
  return 2 * ratio * series + exponent * Math.LN2;
}
