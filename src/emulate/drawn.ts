import { drawWords, Purpose, uniform } from '../base/index.ts';
import type { Load } from '../scenario/index.ts';
import { type ChosenRequest, loadsOfChoices } from './chosen.ts';
import { layerKey } from './shards.ts';
import { indexAt, zipfCumulative } from './tokens.ts';

/**
 * Loads whose experts are drawn instead of computed, one per variant: with probability proportional to 1 / rank^exponent, uniformly when the
 * exponent is 0. Each layer has its own order of popularity.
 */
export function drawnLoad(request: ChosenRequest, exponent: number): Load[] {
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
  return loadsOfChoices(request, exponent === 0 ? 'uniform' : 'zipf', layers);
}

const words = new Uint32Array(4);
const WORD_RANGE = 0x1_0000_0000;

/** Fills `chosen` with different experts, drawing again what was drawn before; -1 stays where there are fewer experts than choices. */
function drawDifferent(
  chosen: Int32Array,
  cumulative: Float64Array,
  order: Int32Array,
  place: { readonly seed: number; readonly layer: number; readonly token: number },
): void {
  const choices = Math.min(chosen.length, order.length);
  for (let drawn = 0, word = 0; drawn < choices; word++) {
    if (word % words.length === 0) drawWords(words, { ...place, purpose: Purpose.syntheticRoute }, word / words.length);
    const expert = order[indexAt(cumulative, words[word % words.length] / WORD_RANGE)];
    if (chosen.indexOf(expert) < 0) chosen[drawn++] = expert;
  }
}

/** A permutation of the experts by Fisher and Yates: popularity rank -> expert. */
function shuffledExperts(seed: number, layer: number, experts: number): Int32Array {
  const order = Int32Array.from({ length: experts }, (_, i) => i);
  for (let last = experts - 1; last > 0; last--) {
    const other = Math.floor(uniform(seed, Purpose.sample, layer, last) * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}
