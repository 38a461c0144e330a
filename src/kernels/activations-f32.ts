import { gelu, geluDerivative, silu, siluDerivative } from '../base/index.ts';

/** An activation and its derivative on one f32. */
export interface Activation {
  readonly value: (x: number) => number;
  readonly derivative: (x: number) => number;
}

export const ACTIVATIONS_F32: Readonly<Record<'gelu' | 'silu', Activation>> = {
  gelu: { value: (x) => Math.fround(gelu(x)), derivative: (x) => Math.fround(geluDerivative(x)) },
  silu: { value: (x) => Math.fround(silu(x)), derivative: (x) => Math.fround(siluDerivative(x)) },
};
