import { GELU_CUBE, GELU_SCALE } from '../base/index.ts';
import { expF32 } from './exp-f32.ts';
import type { Gate } from './gemm.ts';

/** An activation and its derivative. */
export interface Activation {
  readonly value: (x: number) => number;
  readonly derivative: (x: number) => number;
}

/**
 * Constants of GELU and SiLU in f32 arithmetic. Both are x sigmoid(w):
 *   SiLU   w = x (Ramachandran et al. 2017, arXiv:1710.05941)
 *   GELU   w = x (linear + cubic x^2) = 2 sqrt(2/pi) (x + 0.044715 x^3), its tanh form (Hendrycks and Gimpel 2016, arXiv:1606.08415, section 2)
 */
export const ACTIVATION_F32 = {
  linear: Math.fround(2 * GELU_SCALE),
  cubic: Math.fround(2 * GELU_SCALE * GELU_CUBE),
  /** dw/dx = linear + slopeCubic x^2 */
  slopeCubic: Math.fround(6 * GELU_SCALE * GELU_CUBE),
  /** Derivatives are those of the nearest argument up to here: beyond, they are 0 or 1, and no product of theirs is infinity times zero. */
  bound: 100,
} as const;

const { linear, cubic, slopeCubic, bound } = ACTIVATION_F32;
const fround = Math.fround;

/**
 * GELU and SiLU on f32 numbers. Every operation is rounded to f32, in the order in which the SIMD path does them, so both give the same bits.
 *
 * Errors against double arithmetic, held by a test. Values, where they are normal numbers: relative, below 3e-7 (SiLU) and 3e-7 max(1, |w|) (GELU: far below 0 it
 * is x e^w, which passes on the rounding of w). For w < -87 they are -0, less than 2e-36 off, because `expF32` ends there. Derivatives, which cross zero: absolute, below
 * 3e-7. Zeros keep their sign, NaN stays NaN; minus infinity gives NaN, as minus infinity times zero does, and the derivative 0.
 */
export const ACTIVATIONS_F32: Readonly<Record<Gate, Activation>> = {
  gelu: {
    value: (x) => fround(x * sigmoid(geluLogit(x))),
    derivative(x) {
      const near = withinBound(x);
      const logit = geluLogit(near);
      const s = sigmoid(logit);
      const slope = fround(fround(slopeCubic * fround(near * near)) + linear);
      return fround(s + fround(fround(near * slope) * fround(s * sigmoid(-logit))));
    },
  },
  silu: {
    value: (x) => fround(x * sigmoid(x)),
    derivative(x) {
      const near = withinBound(x);
      return fround(sigmoid(near) * fround(fround(near * sigmoid(-near)) + 1));
    },
  },
};

/** w of GELU */
function geluLogit(x: number): number {
  return fround(x * fround(fround(cubic * fround(x * x)) + linear));
}

/** 1 / (1 + e^-w), from e^-|w|: it neither overflows nor cancels, and 1 - sigmoid(w) = sigmoid(-w) has the same e. */
function sigmoid(w: number): number {
  const e = expF32(-Math.abs(w));
  return fround((w < 0 ? e : 1) / fround(e + 1));
}

function withinBound(x: number): number {
  return Math.max(-bound, Math.min(bound, x));
}
