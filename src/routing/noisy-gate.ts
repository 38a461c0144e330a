import { exp, softplus } from '../base/index.ts';
import { normalNoise } from './drawn-noise.ts';
import { required } from './required.ts';
import type { RouterInput } from './router.ts';
import { chooseTopOfRow } from './top-choices.ts';

/** The gate of one token; its arrays are filled anew for every token. */
export interface NoisyGate {
  /** [E]: logit + noise x deviation. */
  readonly noisy: Float64Array;
  /** [E]: the normal numbers; zeros at evaluation. */
  readonly noise: Float64Array;
  /** [E]: softplus of the noise logits. */
  readonly deviation: Float64Array;
  /** [k], and one more where there is one: the largest `noisy` in f32, largest first, the lower index of equal ones. */
  readonly best: Int32Array;
  /** [E]: 1 for the first k of them. */
  readonly isChosen: Uint8Array;
  /** [k]: softmax over the `noisy` of the chosen. */
  readonly share: Float64Array;
  readonly read: (token: number) => void;
}

export function openNoisyGate(input: RouterInput, topK: number): NoisyGate {
  const { experts, draw, training } = input;
  const logits = required(input, 'logits');
  const noiseLogits = required(input, 'noiseLogits');
  const noisy = new Float64Array(experts);
  const noise = new Float64Array(experts);
  const deviation = new Float64Array(experts);
  const rounded = new Float32Array(experts);
  const best = new Int32Array(Math.min(topK + 1, experts));
  const values = new Float32Array(best.length);
  const isChosen = new Uint8Array(experts);
  const share = new Float64Array(topK);
  const read = (token: number): void => {
    const at = token * experts;
    for (let e = 0; e < experts; e++) {
      if (training) {
        noise[e] = normalNoise(draw(token, e));
        deviation[e] = softplus(noiseLogits[at + e]);
      }
      noisy[e] = logits[at + e] + noise[e] * deviation[e];
      rounded[e] = noisy[e];
    }
    chooseTopOfRow(rounded, 0, experts, best.length, best, values, 0);
    isChosen.fill(0);
    let sum = 0;
    for (let choice = 0; choice < topK; choice++) {
      isChosen[best[choice]] = 1;
      share[choice] = exp(noisy[best[choice]] - noisy[best[0]]);
      sum += share[choice];
    }
    for (let choice = 0; choice < topK; choice++) share[choice] /= sum;
  };
  return { noisy, noise, deviation, best, isChosen, share, read };
}
