import { addLanes, elementLoop } from './element-loop.ts';
import { type Code, localsAfter, type WasmFunction } from './emitter.ts';
import { advance, countDown, f32, f32x4, i32, local, memoryFill, v128 } from './instructions.ts';
import { copyStream, f32Stream, scalarParameters } from './weight-updates.ts';

/** The passes of Adafactor over blocks of rows, as `../reference/adafactor-passes.ts` computes them. All counts are at least 1. */

const { add, sub, mul, div } = f32x4;
const FLOAT_BYTES = 4;

/** `adafactorSums(gradient, weights, columnSums, rowSums, weightSquares, rows, columns, epsilon1)` */
export function adafactorSumsFunction(): WasmFunction {
  const [gradient, weights, columnSums, rowSums, weightSquares, rows, columns] = [0, 1, 2, 3, 4, 5, 6];
  const { locals, parameters, splats, scalar } = scalarParameters(7, ['epsilon1']);
  const columnSum = locals.declare('i32');
  const [square, squareSum, weightSum] = [0, 1, 2].map(() => locals.declare('v128'));
  const row = elementLoop(locals.declare, {
    elements: columns,
    inputs: [f32Stream(gradient), f32Stream(weights), f32Stream(columnSum)],
    outputs: [f32Stream(columnSum)],
    step: ([g, w, before], keep) => ({
      code: [
        local.set(square, add(mul(g, g), scalar.epsilon1)),
        local.set(squareSum, add(local.get(squareSum), keep(local.get(square)))),
        local.set(weightSum, add(local.get(weightSum), mul(w, w))),
      ],
      results: [add(before, local.get(square))],
    }),
  });
  const body: Code = [
    splats,
    memoryFill(local.get(columnSums), i32.const(0), i32.mul(local.get(columns), i32.const(FLOAT_BYTES))),
    countDown(rows, [
      local.set(columnSum, local.get(columnSums)),
      local.set(squareSum, v128.zero),
      local.set(weightSum, v128.zero),
      row,
      putNext(rowSums, squareSum),
      putNext(weightSquares, weightSum),
    ]),
  ];
  return { name: 'adafactorSums', parameters, locals: locals.declared, body };
}

/** `adafactorDirection(gradient, rowFactors, columnFactors, directionSquares, rows, columns)` */
export function adafactorDirectionFunction(): WasmFunction {
  const [gradient, rowFactors, columnFactors, directionSquares, rows, columns] = [0, 1, 2, 3, 4, 5];
  const locals = localsAfter(6);
  const columnFactor = locals.declare('i32');
  const [rowFactor, u, sum] = [0, 1, 2].map(() => locals.declare('v128'));
  const row = elementLoop(locals.declare, {
    elements: columns,
    inputs: [f32Stream(gradient), f32Stream(columnFactor)],
    outputs: [],
    step: ([g, factor], keep) => ({
      code: [
        local.set(u, mul(mul(g, local.get(rowFactor)), factor)),
        local.set(sum, add(local.get(sum), keep(mul(local.get(u), local.get(u))))),
      ],
      results: [],
    }),
  });
  const body: Code = countDown(rows, [
    nextRowFactor(rowFactor, rowFactors),
    local.set(columnFactor, local.get(columnFactors)),
    local.set(sum, v128.zero),
    row,
    putNext(directionSquares, sum),
  ]);
  return { name: 'adafactorDirection', parameters: 6, locals: locals.declared, body };
}

/** `adafactorUpdate(weights, gradient, rowFactors, columnFactors, copy, rows, columns, clip, rate)`; `adafactorUpdateCopying` also writes the copy. */
export function adafactorUpdateFunction(copies: boolean): WasmFunction {
  const [weights, gradient, rowFactors, columnFactors, copy, rows, columns] = [0, 1, 2, 3, 4, 5, 6];
  const { locals, parameters, splats, scalar } = scalarParameters(7, ['clip', 'rate']);
  const columnFactor = locals.declare('i32');
  const [rowFactor, wNew] = [locals.declare('v128'), locals.declare('v128')];
  const row = elementLoop(locals.declare, {
    elements: columns,
    inputs: [f32Stream(weights), f32Stream(gradient), f32Stream(columnFactor)],
    outputs: [f32Stream(weights), ...copyStream(copy, copies)],
    step: ([w, g, factor]) => {
      const u = mul(mul(g, local.get(rowFactor)), factor);
      return {
        code: local.set(wNew, sub(w, mul(scalar.rate, div(u, scalar.clip)))),
        results: [wNew, ...(copies ? [wNew] : [])].map(local.get),
      };
    },
  });
  const body: Code = [
    splats,
    countDown(rows, [nextRowFactor(rowFactor, rowFactors), local.set(columnFactor, local.get(columnFactors)), row]),
  ];
  return { name: copies ? 'adafactorUpdateCopying' : 'adafactorUpdate', parameters, locals: locals.declared, body };
}

function nextRowFactor(vector: number, factors: number): Code {
  return [local.set(vector, v128.load32Splat(local.get(factors))), advance(factors, i32.const(FLOAT_BYTES))];
}

/** Writes the sum of the lanes to the next place of a list. */
function putNext(list: number, sum: number): Code {
  return [f32.store(local.get(list), addLanes(sum)), advance(list, i32.const(FLOAT_BYTES))];
}
