import { ACTIVATION_F32 } from '../activations-f32.ts';
import type { Gate } from '../gemm.ts';
import type { VectorConstants } from './constants.ts';
import type { Code } from './emitter.ts';
import { expInstructions } from './exp.ts';
import { f32x4, local, v128 } from './instructions.ts';

/** Activations on four lanes, operation by operation those of `ACTIVATIONS_F32`. Arguments and results are v128 locals. */
export interface ActivationInstructions {
  /** result = value of x */
  value(result: number, x: number): Code;
  /** Both from one exponential: e^-|w| is 0 beyond the bound of the derivative, so the value may take the near argument for w. */
  valueAndDerivative(result: number, derivative: number, x: number): Code;
}

const { linear, cubic, slopeCubic, bound } = ACTIVATION_F32;

/** `declare` gives v128 locals. */
export function activationInstructions(gate: Gate, declare: () => number, constants: VectorConstants): ActivationInstructions {
  const exp = expInstructions(declare, constants);
  const [near, logit, s, e, divisor] = [declare(), declare(), declare(), declare(), declare()];
  const times = (value: Code, constant: number): Code => f32x4.mul(value, constants.f32(constant));
  const plus = (value: Code, constant: number): Code => f32x4.add(value, constants.f32(constant));
  const squared = (x: number): Code => f32x4.mul(local.get(x), local.get(x));

  const isNegative = f32x4.lt(local.get(logit), v128.zero);
  const one = constants.f32(1);
  /** Sets s = sigmoid(w) and leaves e and its divisor, for w of the argument in `x`. */
  const sigmoidAt = (x: number): Code => [
    local.set(logit, gate === 'silu' ? local.get(x) : f32x4.mul(local.get(x), plus(f32x4.mul(constants.f32(cubic), squared(x)), linear))),
    exp(e, f32x4.neg(f32x4.abs(local.get(logit)))),
    local.set(divisor, plus(local.get(e), 1)),
    local.set(s, f32x4.div(v128.bitselect(local.get(e), one, isNegative), local.get(divisor))),
  ];
  /** sigmoid(-w); +-0 has the same value on either side. */
  const complement = f32x4.div(v128.bitselect(one, local.get(e), isNegative), local.get(divisor));
  const [x, sigmoid] = [local.get(near), local.get(s)];
  const slope = plus(times(squared(near), slopeCubic), linear);
  const derivativeOf: Readonly<Record<Gate, Code>> = {
    silu: f32x4.mul(sigmoid, plus(f32x4.mul(x, complement), 1)),
    gelu: f32x4.add(sigmoid, f32x4.mul(f32x4.mul(x, slope), f32x4.mul(sigmoid, complement))),
  };
  return {
    value: (result, argument) => [sigmoidAt(argument), local.set(result, f32x4.mul(local.get(argument), sigmoid))],
    valueAndDerivative: (result, derivative, argument) => [
      local.set(near, f32x4.pmax(f32x4.pmin(local.get(argument), constants.f32(bound)), constants.f32(-bound))),
      sigmoidAt(near),
      local.set(result, f32x4.mul(local.get(argument), sigmoid)),
      local.set(derivative, derivativeOf[gate]),
    ],
  };
}
