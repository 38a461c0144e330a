import { BYTES_PER_ELEMENT, type Dtype } from '../../model/index.ts';
import { roundToBf16Instructions, widenBf16 } from './bf16-lanes.ts';
import { addLanes, elementLoop } from './element-loop.ts';
import { type Code, localsAfter, type WasmFunction } from './emitter.ts';
import { advance, countDownFromAny, f32, f32x4, i16x8, i32, ifThen, local, memoryFill, v128 } from './instructions.ts';
import { nameOf } from './row-sweep.ts';

/** Moves that go from row to row; what they compute is in `../moves.ts`. Widths are elements of a row, at least 1; counts may be 0. */

const INT32_BYTES = 4;
const FLOAT_BYTES = 4;
const VECTOR_BYTES = 16;
/** Vectors of one turn of a copy. */
const COPIED_AT_ONCE = 4;

/** `gatherRowsF32(source, rows, target, count, width)` */
export function gatherRowsFunction(dtype: Dtype): WasmFunction {
  const [source, rows, target, count, width] = [0, 1, 2, 3, 4];
  const locals = localsAfter(5);
  const [number, rowBytes, read] = [locals.declare('i32'), locals.declare('i32'), locals.declare('i32')];
  const copy = copyRow(locals.declare, dtype, read, target, rowBytes);
  const body: Code = [
    local.set(rowBytes, i32.mul(local.get(width), i32.const(BYTES_PER_ELEMENT[dtype]))),
    countDownFromAny(count, [
      local.set(number, i32.load(local.get(rows))),
      ifThen(
        i32.lt(local.get(number), i32.const(0)),
        [memoryFill(local.get(target), i32.const(0), local.get(rowBytes)), advance(target, local.get(rowBytes))],
        [local.set(read, rowAt(source, local.get(number), rowBytes)), copy],
      ),
      advance(rows, i32.const(INT32_BYTES)),
    ]),
  ];
  return { name: nameOf('gatherRows', dtype), parameters: 5, locals: locals.declared, body };
}

/** Adds 0 to each element of a row, and so copies all but -0; both pointers move on. */
function copyRow(declare: (type: 'i32' | 'v128') => number, dtype: Dtype, read: number, write: number, rowBytes: number): Code {
  const [left, bits, vector] = [declare('i32'), declare('i32'), declare('v128')];
  const elementBytes = BYTES_PER_ELEMENT[dtype];
  const vectorAt = (at: number): Code => {
    const loaded = v128.load(local.get(read), VECTOR_BYTES * at);
    if (dtype === 'f32') return v128.store(local.get(write), f32x4.add(loaded, v128.zero), VECTOR_BYTES * at);
    const isNegativeZero = i16x8.eq(local.get(vector), i16x8.splat(i32.const(0x8000)));
    return [local.set(vector, loaded), v128.store(local.get(write), v128.andNot(local.get(vector), isNegativeZero), VECTOR_BYTES * at)];
  };
  const element: Code =
    dtype === 'f32'
      ? f32.store(local.get(write), f32.add(f32.load(local.get(read)), f32.const(0)))
      : [
          local.set(bits, i32.load16Unsigned(local.get(read))),
          i32.store16(local.get(write), i32.select(i32.eq(local.get(bits), i32.const(0x8000)), i32.const(0), local.get(bits))),
        ];
  const turns = (count: Code, bytes: number, body: Code): Code => [
    local.set(left, count),
    countDownFromAny(left, [body, advance(read, i32.const(bytes)), advance(write, i32.const(bytes))]),
  ];
  const vectors = i32.shrUnsigned(local.get(rowBytes), i32.const(4));
  const elements = i32.shrUnsigned(i32.and(local.get(rowBytes), i32.const(VECTOR_BYTES - 1)), i32.const(elementBytes / 2));
  return [
    turns(
      i32.shrUnsigned(vectors, i32.const(2)),
      VECTOR_BYTES * COPIED_AT_ONCE,
      Array.from({ length: COPIED_AT_ONCE }, (_, at) => vectorAt(at)),
    ),
    turns(i32.and(vectors, i32.const(COPIED_AT_ONCE - 1)), VECTOR_BYTES, vectorAt(0)),
    turns(elements, elementBytes, element),
  ];
}

/** `combineRowsBackwardF32(source, dTarget, tokens, weights, dSource, dWeights, count, width)` */
export function combineBackwardFunction(dtype: Dtype): WasmFunction {
  const [source, dTarget, tokens, weights, dSource, dWeights, count, width] = [0, 1, 2, 3, 4, 5, 6, 7];
  const locals = localsAfter(8);
  const [token, rowBytes, gradient] = [locals.declare('i32'), locals.declare('i32'), locals.declare('i32')];
  const [weight, sum] = [locals.declare('v128'), locals.declare('v128')];
  const round = roundToBf16Instructions(() => locals.declare('v128'));
  const row = elementLoop(locals.declare, {
    elements: width,
    inputs: [
      { pointer: gradient, dtype },
      { pointer: source, dtype },
    ],
    outputs: [{ pointer: dSource, dtype }],
    step: ([dy, x]) => ({
      code: local.set(sum, f32x4.add(local.get(sum), f32x4.mul(dy, x))),
      results: [f32x4.add(f32x4.mul(local.get(weight), dy), v128.zero)],
    }),
  });
  const loaded = v128.load32Splat(local.get(weights));
  const body: Code = [
    local.set(rowBytes, i32.mul(local.get(width), i32.const(BYTES_PER_ELEMENT[dtype]))),
    countDownFromAny(count, [
      local.set(token, i32.load(local.get(tokens))),
      local.set(sum, v128.zero),
      ifThen(
        i32.lt(local.get(token), i32.const(0)),
        [
          memoryFill(local.get(dSource), i32.const(0), local.get(rowBytes)),
          advance(dSource, local.get(rowBytes)),
          advance(source, local.get(rowBytes)),
        ],
        [
          local.set(gradient, rowAt(dTarget, local.get(token), rowBytes)),
          local.set(weight, dtype === 'f32' ? loaded : widenBf16(round(loaded))),
          row,
        ],
      ),
      f32.store(local.get(dWeights), addLanes(sum)),
      advance(tokens, i32.const(INT32_BYTES)),
      advance(weights, i32.const(FLOAT_BYTES)),
      advance(dWeights, i32.const(FLOAT_BYTES)),
    ]),
  ];
  return { name: nameOf('combineRowsBackward', dtype), parameters: 8, locals: locals.declared, body };
}

/** `scatterAddRowsBf16(source, rows, target, count, width)`: rows of source in the dtype, of target in f32. */
export function scatterAddRowsFunction(dtype: Dtype): WasmFunction {
  const [source, rows, target, count, width] = [0, 1, 2, 3, 4];
  const locals = localsAfter(5);
  const [rowBytes, write] = [locals.declare('i32'), locals.declare('i32')];
  const sums = { pointer: write, dtype: 'f32' } as const;
  const row = elementLoop(locals.declare, {
    elements: width,
    inputs: [{ pointer: source, dtype }, sums],
    outputs: [sums],
    step: ([x, before]) => ({ results: [f32x4.add(before, x)] }),
  });
  const body: Code = [
    local.set(rowBytes, i32.mul(local.get(width), i32.const(FLOAT_BYTES))),
    countDownFromAny(count, [
      local.set(write, rowAt(target, i32.load(local.get(rows)), rowBytes)),
      row,
      advance(rows, i32.const(INT32_BYTES)),
    ]),
  ];
  return { name: nameOf('scatterAddRows', dtype), parameters: 5, locals: locals.declared, body };
}

/** `convertF32(source, target, count)`: from f32 to bf16; `convertBf16` the other way. */
export function convertFunction(dtype: Dtype): WasmFunction {
  const [source, target, count] = [0, 1, 2];
  const locals = localsAfter(3);
  const body = elementLoop(locals.declare, {
    elements: count,
    inputs: [{ pointer: source, dtype }],
    outputs: [{ pointer: target, dtype: dtype === 'f32' ? 'bf16' : 'f32' }],
    step: (values) => ({ results: values }),
  });
  return { name: nameOf('convert', dtype), parameters: 3, locals: locals.declared, body };
}

/** Address of a row: first + number x rowBytes. */
export function rowAt(first: number, number: Code, rowBytes: number): Code {
  return i32.add(local.get(first), i32.mul(number, local.get(rowBytes)));
}
