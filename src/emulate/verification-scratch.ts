import { type FeedForwardScratch, type FeedForwardWeights, planFeedForward } from '../kernels/index.ts';
import type { ArenaPlan, TensorView } from '../model/index.ts';
import type { KernelPair } from './kernel-pair.ts';
import type { EmulationRequest } from './types.ts';

/** Working space of one thread for the experts that it verifies, one at a time. */
export interface VerificationScratch {
  readonly weights: FeedForwardWeights;
  /** [VERIFIED_ROWS, d] bf16: slots of several groups, one behind the other. */
  readonly input: TensorView;
  readonly fastOutput: TensorView;
  readonly oracleOutput: TensorView;
  readonly fast: FeedForwardScratch;
  readonly oracle: FeedForwardScratch;
}

/** Rows that run at once; the bits do not depend on it. */
export const VERIFIED_ROWS = 256;

export function planVerificationScratch(arena: ArenaPlan, request: EmulationRequest, kernels: KernelPair): VerificationScratch {
  const { dModel, dExpert, ffnMatrices } = request;
  const shape = { rows: VERIFIED_ROWS, dModel, dExpert, ffnMatrices };
  const rows = [VERIFIED_ROWS, dModel];
  return {
    weights: {
      gate: ffnMatrices === 3 ? arena.allocate([dModel, dExpert], 'bf16') : null,
      in: arena.allocate([dModel, dExpert], 'bf16'),
      out: arena.allocate([dExpert, dModel], 'bf16'),
    },
    input: arena.allocate(rows, 'bf16'),
    fastOutput: arena.allocate(rows, 'bf16'),
    oracleOutput: arena.allocate(rows, 'bf16'),
    fast: planFeedForward(arena, kernels.fast, shape),
    oracle: planFeedForward(arena, kernels.oracle, shape),
  };
}
