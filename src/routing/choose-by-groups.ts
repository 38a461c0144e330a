import type { OptionMisfit } from './options.ts';
import { chooseTopOfRow, chooseTopOfSum } from './top-choices.ts';

export interface GroupLimits {
  readonly topK: number;
  /** E must be a multiple of it. */
  readonly expertGroups: number;
  readonly chosenGroups: number;
}

/** A group counts by the sum of its best experts, this many of them. */
const BEST_OF_GROUP = 2;

/** The limit that does not suit `experts` experts, nor the other limits; null when all do. */
export function groupMisfit(experts: number, { topK, expertGroups, chosenGroups }: GroupLimits): OptionMisfit | null {
  if (experts % expertGroups !== 0) {
    const divisor = largestDivisor(experts, expertGroups);
    return {
      option: 'expertGroups',
      rule: `must divide the ${experts} experts evenly`,
      remedy: `use ${divisor}, or another model.experts`,
    };
  }
  if (chosenGroups > expertGroups) {
    const remedy = `use at most ${expertGroups}, or raise expertGroups`;
    return { option: 'chosenGroups', rule: `must be at most expertGroups, ${expertGroups}`, remedy };
  }
  const choice = (experts / expertGroups) * chosenGroups;
  if (choice >= topK) return null;
  const rule = `must be at most ${choice}, the experts that ${chosenGroups} of ${expertGroups} groups hold together`;
  return { option: 'topK', rule, remedy: `use at most ${choice}, raise chosenGroups, or lower expertGroups` };
}

/** The largest divisor of `count` that is at most `most`. */
function largestDivisor(count: number, most: number): number {
  for (let divisor = Math.min(count, most); ; divisor--) if (count % divisor === 0) return divisor;
}

/**
 * The `topK` experts of each token with the largest scores [S, E] + bias [E], best first, to chosen [S * topK], from the token's best groups alone. Sums are
 * f32; of equal sums the lower index comes first, for experts and for groups.
 */
export function chooseByGroups(scores: Float32Array, bias: Float32Array, limits: GroupLimits, chosen: Int32Array): void {
  const { topK } = limits;
  const experts = bias.length;
  const values = new Float32Array(topK);
  if (limits.expertGroups === limits.chosenGroups) {
    const best = new Int32Array(topK);
    for (let at = 0, row = 0; at < scores.length; at += experts, row += topK) {
      chooseTopOfSum(scores, at, bias, topK, best, values, 0);
      chosen.set(best, row);
    }
    return;
  }
  const biased = new Float32Array(experts);
  const best = new Int32Array(topK);
  const dropLesserGroups = openGroups(experts, limits);
  for (let at = 0, row = 0; at < scores.length; at += experts, row += topK) {
    for (let e = 0; e < experts; e++) biased[e] = scores[at + e] + bias[e];
    dropLesserGroups(biased);
    chooseTopOfRow(biased, 0, experts, topK, best, values, 0);
    for (let choice = 0; choice < topK; choice++) chosen[row + choice] = best[choice];
  }
}

/** Sets the scores of all but the best groups of a row to -infinity. */
function openGroups(experts: number, { expertGroups, chosenGroups }: GroupLimits): (row: Float32Array) => void {
  const size = experts / expertGroups;
  const counted = Math.min(size, BEST_OF_GROUP);
  const values = new Float32Array(Math.max(counted, chosenGroups));
  const best = new Int32Array(values.length);
  const sums = new Float32Array(expertGroups);
  const isChosen = new Uint8Array(expertGroups);
  return (row) => {
    for (let group = 0; group < expertGroups; group++) {
      chooseTopOfRow(row, group * size, size, counted, best, values, 0);
      sums[group] = counted === 1 ? values[0] : values[0] + values[1];
    }
    chooseTopOfRow(sums, 0, expertGroups, chosenGroups, best, values, 0);
    isChosen.fill(0);
    for (let i = 0; i < chosenGroups; i++) isChosen[best[i]] = 1;
    for (let e = 0; e < experts; e++) if (isChosen[Math.floor(e / size)] === 0) row[e] = Number.NEGATIVE_INFINITY;
  };
}
