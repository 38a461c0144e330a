import { drawWords, Purpose, uniform } from '../base/index.ts';
import type { Load } from '../scenario/index.ts';
import { type ChosenRequest, loadsOfChoices, type Pause } from './chosen.ts';
import { layerKey } from './shards.ts';
import { shuffled } from './shuffled.ts';
import { indexAt, zipfCumulative } from './tokens.ts';

/**
 * Loads whose experts are drawn instead of computed, one per variant: with probability proportional to 1 / rank^exponent, uniformly when the
 * exponent is 0. Each layer has its own order of popularity.
 */
export function drawnLoad(request: ChosenRequest, exponent: number, pause?: Pause): Promise<Load[]> {
  const cumulative = zipfCumulative(request.experts, exponent);
  const layers = request.stacks.flatMap((tokens) =>
    tokens.layers.map((layer) => {
      const key = layerKey(tokens.stack, layer);
      const order = shuffledExperts(request.seed, key, request.experts);
      const choicesOf = (group: number, topK: number): Int32Array => {
        const experts = new Int32Array(tokens.groupTokens * topK).fill(-1);
        for (let token = 0; token < tokens.groupTokens; token++) {
          const chosen = experts.subarray(token * topK, (token + 1) * topK);
          drawDifferent(chosen, cumulative, order, { seed: request.seed, layer: key, token: group * tokens.groupTokens + token });
        }
        return experts;
      };
      return { tokens, layer, choicesOf };
    }),
  );
  return loadsOfChoices(request, exponent === 0 ? 'uniform' : 'zipf', layers, pause);
}

const words = new Uint32Array(4);
const WORD_RANGE = 0x1_0000_0000;

/** Fills `chosen` with different experts, one random number each; -1 stays where there are fewer experts than choices. */
function drawDifferent(
  chosen: Int32Array,
  cumulative: Float64Array,
  order: Int32Array,
  place: { readonly seed: number; readonly layer: number; readonly token: number },
): void {
  const choices = Math.min(chosen.length, order.length);
  for (let choice = 0; choice < choices; choice++) {
    if (choice % words.length === 0) drawWords(words, { ...place, purpose: Purpose.syntheticRoute }, choice / words.length);
    const u = words[choice % words.length] / WORD_RANGE;
    chosen[choice] = choice === 0 ? indexAt(cumulative, u) : drawOther(chosen.subarray(0, choice), cumulative, u);
  }
  for (let choice = 0; choice < choices; choice++) chosen[choice] = order[chosen[choice]];
}

/** The rank at share `u` of the probability that the ranks in `taken` leave: u runs over the remaining mass, and their intervals are skipped. */
function drawOther(taken: Int32Array, cumulative: Float64Array, u: number): number {
  const increasing = taken.length === 1 ? taken : taken.slice().sort();
  let left = 1;
  for (const rank of increasing) left -= massOf(rank, cumulative);
  let at = u * left;
  for (const rank of increasing) if (rank === 0 || at >= cumulative[rank - 1]) at += massOf(rank, cumulative);
  let rank = indexAt(cumulative, at);
  // Rounding may leave the sum at the edge of an interval that was to be skipped.
  while (taken.includes(rank) && rank < cumulative.length - 1) rank++;
  while (taken.includes(rank)) rank--;
  return rank;
}

function massOf(rank: number, cumulative: Float64Array): number {
  return rank === 0 ? cumulative[0] : cumulative[rank] - cumulative[rank - 1];
}

/** A permutation of the experts, the layer's own: popularity rank -> expert. */
export function shuffledExperts(seed: number, layer: number, experts: number): Int32Array {
  return shuffled(experts, (last) => uniform(seed, Purpose.sample, layer, last));
}
