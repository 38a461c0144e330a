import type { GemmCall, Matrix } from '../gemm.ts';
import { STORE } from '../gemm.ts';

/** A product whose target and epilogue are still to be named. */
export type Product = Omit<GemmCall, 'target' | 'epilogue'>;

/** x [R, K] weight [K, N] */
export function forwards(x: Matrix, weight: Matrix): Product {
  return { left: x, transposeLeft: false, right: weight, transposeRight: false, accumulate: false };
}

/** dy [R, N] weight^T, for a weight [K, N] */
export function towardsInput(dy: Matrix, weight: Matrix): Product {
  return { left: dy, transposeLeft: false, right: weight, transposeRight: true, accumulate: false };
}

/** gradient [K, N] (f32) += x^T dy */
export function towardsWeights(x: Matrix, dy: Matrix, gradient: Matrix): GemmCall {
  return { left: x, transposeLeft: true, right: dy, transposeRight: false, target: gradient, accumulate: true, epilogue: STORE };
}
