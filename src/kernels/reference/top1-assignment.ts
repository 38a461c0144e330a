import { type Numerics, type Reals, selectivePrecision } from '../numerics.ts';
import type { AssignmentRows, DispatchShape } from './assignment-rows.ts';
import { routerAuxiliaryLoss, routerAuxiliaryLossBackward } from './router-losses.ts';
import { softmaxBackward } from './softmax.ts';
import { topK } from './top-k.ts';

/** What tokens think of experts, both [S, E]. */
export interface ExpertScores {
  readonly probabilities: Reals;
  readonly logits: Reals;
}

/** Gradients of a loss L, towards the logits. */
export interface AssignmentGradient {
  /** [A]: dL / d weight. */
  readonly weight: Reals;
  /** dL / d auxiliary loss. */
  readonly auxiliaryLoss: number;
  /** [S, E]: dL / d logits, which is added to. */
  readonly logits: Reals;
}

/** Who goes where, as plain functions: any router serves. Decisions are constants, so gradients flow through weights and auxiliary loss alone. */
export interface AssignmentFunction {
  readonly assign: (scores: ExpertScores) => AssignmentRows;
  /** Unscaled. */
  readonly auxiliaryLoss: (scores: ExpertScores, rows: AssignmentRows) => number;
  readonly backward: (scores: ExpertScores, rows: AssignmentRows, gradient: AssignmentGradient) => void;
}

/**
 * Switch routing (Fedus et al. 2021, arXiv:2101.03961, section 2.1; tensorflow/mesh@da90793 mesh_tensorflow/transformer/moe.py _switch_gating).
 *
 * S tokens, E experts, C slots; p = probabilities; one row per token, in token order.
 *   expert_s = arg-max over e of p_se, ties to the lower index     weight_s = p_s,expert
 *   slot_s = number of earlier tokens with the same expert; -1 and weight 0 when that is C or more
 *   auxiliary loss as in router-losses.ts, f from all tokens
 *   dp_s,expert = dWeight_s for kept tokens, and the auxiliary loss's share; dLogits through the softmax
 */
export function switchTop1Assignment(numerics: Numerics, shape: DispatchShape): AssignmentFunction {
  const { tokens, experts, expertCapacity } = shape;
  // Losses and the router's gradients stay f32 in a bf16 model.
  const inner = selectivePrecision(numerics);
  const countsOf = ({ expert }: AssignmentRows): Int32Array => {
    const counts = new Int32Array(experts);
    for (const e of expert) counts[e]++;
    return counts;
  };
  return {
    assign({ probabilities }) {
      const weight = inner.zeros(tokens);
      const expert = new Int32Array(tokens);
      topK({ rows: tokens, columns: experts, k: 1 }, probabilities, weight, expert);
      const filled = new Int32Array(experts);
      const slot = expert.map((e) => (filled[e] < expertCapacity ? filled[e]++ : -1));
      for (let s = 0; s < tokens; s++) if (slot[s] === -1) weight[s] = 0;
      return { token: Int32Array.from({ length: tokens }, (_, s) => s), expert, slot, weight };
    },
    auxiliaryLoss: ({ probabilities }, rows) => routerAuxiliaryLoss(inner, shape, countsOf(rows), probabilities),
    backward({ probabilities }, rows, gradient) {
      const dProbabilities = inner.zeros(tokens * experts);
      for (let s = 0; s < tokens; s++) if (rows.slot[s] !== -1) dProbabilities[s * experts + rows.expert[s]] = gradient.weight[s];
      routerAuxiliaryLossBackward(inner, shape, countsOf(rows), gradient.auxiliaryLoss, dProbabilities);
      softmaxBackward(inner, { rows: tokens, columns: experts }, probabilities, dProbabilities, gradient.logits);
    },
  };
}
