import { CONSTANTS_IN_PLACE, type VectorConstants } from './constants.ts';
import type { Code } from './emitter.ts';
import { f32x4, i16x8, i32, i32x4, local, v128 } from './instructions.ts';

/** bf16 in four lanes: widened when loaded, rounded when stored, by the rule of `bf16FromF32Bits`. */

/** Four f32 lanes of the four bf16 at an address: a bf16 is the upper half of its f32. */
export function loadBf16(address: Code, offset = 0): Code {
  return widenBf16(v128.load16x4Unsigned(address, offset));
}

/** f32 lanes of bf16 bits, one in each 32-bit lane. */
export function widenBf16(bits: Code): Code {
  return i32x4.shl(bits, i32.const(16));
}

/**
 * Bits of the bf16 nearest to each f32 lane, in 32-bit lanes. `declare` gives v128 locals. bits + 0x7fff + the lowest kept bit cannot wrap but for a NaN,
 * which is only made quiet.
 */
export function roundToBf16Instructions(declare: () => number, constants: VectorConstants = CONSTANTS_IN_PLACE): (value: Code) => Code {
  const [whole, upper] = [declare(), declare()];
  const [bits, kept] = [local.get(whole), local.get(upper)];
  const carried = i32x4.add(bits, i32x4.add(v128.and(kept, constants.i32(1)), constants.i32(0x7fff)));
  const rounded = i32x4.shrUnsigned(carried, i32.const(16));
  const quiet = v128.or(kept, constants.i32(0x40));
  return (value) => [
    local.set(whole, value),
    local.set(upper, i32x4.shrUnsigned(bits, i32.const(16))),
    v128.bitselect(quiet, rounded, f32x4.ne(bits, bits)),
  ];
}

/** Stores the low halves of four 32-bit lanes, which hold 0 .. 65535, side by side; `lanes` is a local. */
export function storeLowHalves(address: Code, lanes: number, offset = 0): Code {
  return v128.store64Lane(address, i16x8.narrowUnsigned(local.get(lanes), local.get(lanes)), 0, offset);
}
