import { exp } from '../base/index.ts';
import { gumbelNoise } from './drawn-noise.ts';
import { required } from './required.ts';
import type { RouterInput } from './router.ts';
import { chooseTopOfRow } from './top-choices.ts';

/** The gate of one token; its arrays are filled anew for every token. */
export interface AnnealedGate {
  /** [E]: softmax of (logits + Gumbel noise) / temperature. */
  readonly share: Float64Array;
  /** [most]: the experts with the largest shares, largest first. */
  readonly best: Int32Array;
  /** Answers how many of the best are used: those whose share in f32 is above the threshold, and the first in any case. */
  readonly read: (token: number) => number;
}

/** Gumbel noise of expert e is made from draw e; at evaluation there is none. */
export function openAnnealedGate(
  input: RouterInput,
  { temperature, threshold, maxExperts }: { readonly temperature: number; readonly threshold: number; readonly maxExperts: number },
): AnnealedGate {
  const { experts, draw, training } = input;
  const logits = required(input, 'logits');
  const share = new Float64Array(experts);
  const rounded = new Float32Array(experts);
  const best = new Int32Array(maxExperts);
  const values = new Float32Array(maxExperts);
  const read = (token: number): number => {
    const at = token * experts;
    let top = Number.NEGATIVE_INFINITY;
    for (let e = 0; e < experts; e++) {
      const noise = training ? gumbelNoise(draw(token, e)) : 0;
      share[e] = (logits[at + e] + noise) / temperature;
      if (share[e] > top) top = share[e];
    }
    let sum = 0;
    for (let e = 0; e < experts; e++) {
      share[e] = exp(share[e] - top);
      sum += share[e];
    }
    for (let e = 0; e < experts; e++) {
      share[e] /= sum;
      rounded[e] = share[e];
    }
    chooseTopOfRow(rounded, 0, experts, maxExperts, best, values, 0);
    let used = 1;
    while (used < maxExperts && values[used] > threshold) used++;
    return used;
  };
  return { share, best, read };
}
