import { exp, GELU_CUBE, GELU_SCALE, log } from './elementary.ts';

/**
 * Activation functions and derivatives, from exp and log of this room, in double arithmetic. Relative error bounds, held by tests on dense grids:
 * sigmoid 4e-16 and silu 5e-16 (against 220-bit arithmetic), tanhDerivative 1.5e-15, softplus 2e-15; the derivatives of SiLU and GELU cross zero, so theirs is absolute: 2e-15 and 3e-15.
 */

/** 1 / (1 + e^-x), in the form that neither overflows nor cancels. */
export function sigmoid(x: number): number {
  if (x < 0) {
    const e = exp(x);
    return e / (1 + e);
  }
  return 1 / (1 + exp(-x));
}

/** SiLU or swish, x sigmoid(x) (Ramachandran et al. 2017, arXiv:1710.05941); minus infinity gives NaN, as minus infinity times zero does. */
export function silu(x: number): number {
  return x * sigmoid(x);
}

/** d silu / dx = s (1 + x (1 - s)) with s = sigmoid(x) and 1 - s = sigmoid(-x). */
export function siluDerivative(x: number): number {
  if (x > SATURATED || x < -SATURATED) return x > 0 ? 1 : 0;
  return sigmoid(x) * (1 + x * sigmoid(-x));
}

/** ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|); its derivative is the sigmoid. */
export function softplus(x: number): number {
  return x > 0 ? x + logOnePlus(exp(-x)) : logOnePlus(exp(x));
}

/** 1 - tanh(x)^2 = 4 e / (1 + e)^2 with e = e^-2|x|, which does not cancel where tanh is near 1. */
export function tanhDerivative(x: number): number {
  const e = exp(x > 0 ? -2 * x : 2 * x);
  return (4 * e) / ((1 + e) * (1 + e));
}

/** Derivative of the tanh form of GELU, which is x sigmoid(2u) with u = GELU_SCALE (x + GELU_CUBE x^3): s + 2 x s (1 - s) du/dx. */
export function geluDerivative(x: number): number {
  if (x > SATURATED || x < -SATURATED) return x > 0 ? 1 : 0;
  const z = x * x;
  const twoU = 2 * GELU_SCALE * x * (1 + GELU_CUBE * z);
  const slope = 2 * GELU_SCALE * (1 + 3 * GELU_CUBE * z);
  const s = sigmoid(twoU);
  return s + x * slope * s * sigmoid(-twoU);
}

/** Beyond it both derivatives are 0 or 1 to the last bit of a double, and x^3 is far from overflow: |x| e^-|x| is below 1e-320. */
const SATURATED = 746;

/** ln(1 + y) for 0 <= y <= 1: the rounding error of 1 + y cancels in the ratio (Kahan's trick; Goldberg 1991, theorem 4). */
function logOnePlus(y: number): number {
  const sum = 1 + y;
  return sum === 1 ? y : (log(sum) * y) / (sum - 1);
}
