import { EXP_F32 } from '../exp-f32.ts';
import { CONSTANTS_IN_PLACE, type VectorConstants } from './constants.ts';
import type { Code } from './emitter.ts';
import { f32x4, i32, i32x4, local, v128 } from './instructions.ts';

/** The instructions of `expF32` on four lanes: sets the local `result` to e^x. `declare` gives v128 locals. */
export function expInstructions(declare: () => number, constants: VectorConstants = CONSTANTS_IN_PLACE): (result: number, x: Code) => Code {
  const [argument, shifted, n, r, r2] = [declare(), declare(), declare(), declare(), declare()];
  const { log2E, roundingShift, ln2High, ln2Low, coefficients, underflow } = EXP_F32;
  const [c0, c1, c2, c3, c4] = coefficients;
  const x = local.get(argument);
  const times = (value: Code, constant: number): Code => f32x4.mul(value, constants.f32(constant));
  const plus = (value: Code, constant: number): Code => f32x4.add(value, constants.f32(constant));
  const low = plus(times(local.get(r), c1), c0);
  const high = f32x4.add(plus(times(local.get(r), c3), c2), times(local.get(r2), c4));
  const curved = f32x4.mul(f32x4.add(f32x4.mul(high, local.get(r2)), low), local.get(r2));
  const polynomial = f32x4.add(curved, plus(local.get(r), 1));
  // The low bits of the shifted number are n; the bits of 12582912 vanish when n + 127 moves up into the exponent.
  const scale = i32x4.shl(i32x4.add(local.get(shifted), constants.i32(127)), i32.const(23));
  return (result, operand) => [
    local.set(argument, operand),
    local.set(shifted, plus(times(x, log2E), roundingShift)),
    local.set(n, f32x4.sub(local.get(shifted), constants.f32(roundingShift))),
    local.set(r, f32x4.sub(f32x4.sub(x, times(local.get(n), ln2High)), times(local.get(n), ln2Low))),
    local.set(r2, f32x4.mul(local.get(r), local.get(r))),
    local.set(result, v128.andNot(f32x4.mul(polynomial, scale), f32x4.lt(x, constants.f32(underflow)))),
  ];
}
