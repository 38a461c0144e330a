import { normalCdf, normalDensity } from '../base/index.ts';
import type { NoisyGate } from './noisy-gate.ts';
import { required } from './required.ts';
import type { RouterInput } from './router.ts';

/**
 * A count of tokens per expert that has a gradient (Shazeer et al. 2017, appendix A): load_e = sum over tokens x of P(x, e), the chance that e is
 * among the k chosen if its own noise were drawn again while that of the others stays,
 *
 *   P = Phi(z)   z = (logit_e - bar_e) / deviation_e   bar_e = k-th largest noisy logit of the other experts
 *
 * Without noise, and when all experts are chosen, P is 1 for the chosen and 0 for the rest, and has no gradient.
 */
export function addLoad(load: Float64Array, input: RouterInput, gate: NoisyGate, topK: number, token: number): void {
  if (isCounted(input, topK)) {
    for (let choice = 0; choice < topK; choice++) load[gate.best[choice]]++;
    return;
  }
  const logits = required(input, 'logits');
  const at = token * input.experts;
  for (let e = 0; e < input.experts; e++) load[e] += normalCdf(standing(gate, topK, e, logits[at + e]));
}

/**
 * From dL / d load: what of it reaches the token's logits (`dLogits` [E]), its noisy logits, through the bars (`dNoisy` [E]), and its deviations
 * (`dDeviation` [E]). dP/dlogit = phi(z) / deviation, dP/dbar = -dP/dlogit, dP/ddeviation = -z dP/dlogit.
 */
export function addLoadGradient(
  dLoad: Float64Array,
  input: RouterInput,
  gate: NoisyGate,
  topK: number,
  token: number,
  into: { readonly dLogits: Float64Array; readonly dNoisy: Float64Array; readonly dDeviation: Float64Array },
): void {
  if (isCounted(input, topK)) return;
  const logits = required(input, 'logits');
  const at = token * input.experts;
  for (let e = 0; e < input.experts; e++) {
    const z = standing(gate, topK, e, logits[at + e]);
    const density = normalDensity(z);
    // Far out, or without any noise, the chance does not change.
    if (density === 0) continue;
    const slope = (dLoad[e] * density) / gate.deviation[e];
    into.dLogits[e] += slope;
    into.dNoisy[barrier(gate, topK, e)] -= slope;
    into.dDeviation[e] -= slope * z;
  }
}

const isCounted = ({ training, experts }: RouterInput, topK: number): boolean => !training || topK === experts;

/** The expert whose noisy logit e has to beat, or has beaten. */
const barrier = ({ best, isChosen }: NoisyGate, topK: number, e: number): number => best[isChosen[e] === 1 ? topK : topK - 1];

function standing(gate: NoisyGate, topK: number, e: number, logit: number): number {
  const lead = logit - gate.noisy[barrier(gate, topK, e)];
  if (gate.deviation[e] > 0) return lead / gate.deviation[e];
  return gate.isChosen[e] === 1 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
}
