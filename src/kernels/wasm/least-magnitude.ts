import { type Code, localsAfter, type WasmFunction } from './emitter.ts';
import { advance, countDownFromAny, i32, i32x4, local, v128 } from './instructions.ts';

const LANES = 4;
const FLOAT_BYTES = 4;

/**
 * `leastMagnitude(address, rowBytes, rows, columns)`: the least bits without sign of a region of f32, as an unsigned number; +0 counts as nothing, -0 as 0. All
 * ones where there is nothing else.
 */
export function leastMagnitudeFunction(): WasmFunction {
  const [address, rowBytes, rows, columns] = [0, 1, 2, 3];
  const locals = localsAfter(4);
  const [read, left] = [locals.declare('i32'), locals.declare('i32')];
  const [least, bits] = [locals.declare('v128'), locals.declare('v128')];
  const lanes = Array.from({ length: LANES }, () => locals.declare('i32'));
  const take = (values: Code): Code => [
    local.set(bits, values),
    local.set(
      least,
      i32x4.minUnsigned(
        local.get(least),
        v128.or(v128.and(local.get(bits), v128.i32Const(0x7fffffff)), i32x4.eq(local.get(bits), v128.zero)),
      ),
    ),
  ];
  const body: Code = [
    local.set(least, v128.i32Const(-1)),
    countDownFromAny(rows, [
      local.set(read, local.get(address)),
      local.set(left, i32.shrUnsigned(local.get(columns), i32.const(2))),
      countDownFromAny(left, [take(v128.load(local.get(read))), advance(read, i32.const(LANES * FLOAT_BYTES))]),
      local.set(left, i32.and(local.get(columns), i32.const(LANES - 1))),
      countDownFromAny(left, [take(v128.load32Splat(local.get(read))), advance(read, i32.const(FLOAT_BYTES))]),
      advance(address, local.get(rowBytes)),
    ]),
    lanes.map((lane, i) => local.set(lane, i32x4.extractLane(local.get(least), i))),
    lanes.slice(1).map((lane) => local.set(lanes[0], smaller(lanes[0], lane))),
    local.get(lanes[0]),
  ];
  return { name: 'leastMagnitude', parameters: 4, result: 'i32', locals: locals.declared, body };
}

/** The smaller of two locals as unsigned numbers. */
function smaller(a: number, b: number): Code {
  return i32.select(i32.ltUnsigned(local.get(a), local.get(b)), local.get(a), local.get(b));
}
