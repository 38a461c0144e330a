import { exp, gelu, geluDerivative, silu, siluDerivative } from '../base/index.ts';
import { ACTIVATIONS_F32, type Activation } from './activations-f32.ts';
import { roundToBf16 } from './bf16.ts';
import { expF32 } from './exp-f32.ts';
import type { Gate } from './gemm.ts';

/** Numbers of a tensor: f32 (which also holds bf16 values, exactly), or f64, in which gradients are checked. */
export type Reals = Float32Array | Float64Array;

/**
 * The arithmetic of the reference kernels. One source text serves all three: f64 for finite differences, f32, and bf16 as a TPU does it: operands
 * and results are bf16, products are exact and sums are f32.
 */
export interface Numerics {
  readonly name: 'f64' | 'f32' | 'bf16';
  /** Rounds every product, every partial sum and every element-wise step; sums run in the order of the index. */
  readonly round: (value: number) => number;
  /** Rounds what a kernel hands on: activations and their gradients. */
  readonly store: (value: number) => number;
  /** e^x for x <= 0, as a softmax needs it. */
  readonly exp: (value: number) => number;
  /** Activations of gated networks. */
  readonly activations: Readonly<Record<Gate, Activation>>;
  /** A tensor of zeros that can hold values of this arithmetic. */
  readonly zeros: (elements: number) => Reals;
}

const same = (value: number): number => value;

export const F64: Numerics = {
  name: 'f64',
  round: same,
  store: same,
  exp,
  activations: { gelu: { value: gelu, derivative: geluDerivative }, silu: { value: silu, derivative: siluDerivative } },
  zeros: (elements) => new Float64Array(elements),
};
export const F32: Numerics = {
  name: 'f32',
  round: Math.fround,
  store: Math.fround,
  exp: expF32,
  activations: ACTIVATIONS_F32,
  zeros: (elements) => new Float32Array(elements),
};
/** What stays f32 under it (router, losses, optimizer) says so by taking `selectivePrecision` of it. */
export const BF16: Numerics = {
  name: 'bf16',
  round: Math.fround,
  store: roundToBf16,
  exp: expF32,
  activations: ACTIVATIONS_F32,
  zeros: (elements) => new Float32Array(elements),
};

/**
 * The arithmetic of what stays f32 in a bf16 model ("selective precision", Fedus et al. 2021, arXiv:2101.03961, section 2.4); the others round
 * nothing more than that anyway.
 */
export function selectivePrecision(numerics: Numerics): Numerics {
  return numerics.name === 'bf16' ? F32 : numerics;
}
