import type { Code, WasmFunction } from './emitter.ts';
import { advance, countDown, countDownFromAny, f32, f32x4, i32, i32x4, ifThen, leaveWith, local, v128 } from './instructions.ts';
import { type Row, rowFunction, rowSweep, type Scope } from './row-sweep.ts';

const LANES = [0, 1, 2, 3];
const NUMBER_BYTES = 4;
/** Column of nothing, behind all others. */
const NO_COLUMN = 0x7fffffff;

/**
 * `topK(x, values, indices, k, columns, rows)`: the k largest of every row, by k sweeps, each for the greatest of what comes after the one before it. Returns the
 * first row that has a NaN, or -1.
 */
export function topKFunction(): WasmFunction {
  const [x, values, indices, k, columns, rows] = [0, 1, 2, 3, 4, 5];
  return rowFunction({ name: 'topK', parameters: 6, result: 'i32' }, (scope) => {
    const { declare } = scope;
    const [row, choices, column, value] = [declare('i32'), declare('i32'), declare('i32'), declare('f32')];
    const sweep = choiceSweep(scope, columns, { start: x, dtype: 'f32' }, value, column);
    return [
      countDownFromAny(rows, [
        // Infinity is not behind itself, but column 0 is behind column -1.
        local.set(value, f32.const(Number.POSITIVE_INFINITY)),
        local.set(column, i32.const(-1)),
        local.set(choices, local.get(k)),
        countDown(choices, [
          sweep.code,
          ifThen(v128.anyTrue(local.get(sweep.unordered)), leaveWith(local.get(row))),
          f32.store(local.get(values), local.get(value)),
          i32.store(local.get(indices), local.get(column)),
          advance(values, i32.const(NUMBER_BYTES)),
          advance(indices, i32.const(NUMBER_BYTES)),
        ]),
        advance(x, i32.mul(local.get(columns), i32.const(NUMBER_BYTES))),
        advance(row, i32.const(1)),
      ]),
      i32.const(-1),
    ];
  });
}

/** Replaces `value` and `column` by what follows them in the order: the greatest, and of equal ones the first. `unordered` is set where there is a NaN. */
function choiceSweep(
  scope: Scope,
  columns: number,
  row: Row,
  value: number,
  column: number,
): { readonly unordered: number; readonly code: Code } {
  const { declare, constants } = scope;
  const [unordered, best, bestColumn, own] = [declare('v128'), declare('v128'), declare('v128'), declare('v128')];
  const [before, beforeColumn, better] = [declare('v128'), declare('v128'), declare('v128')];
  const comesAfter = (x: Code): Code => behind(local.get(before), local.get(beforeColumn), x, local.get(own));
  const code: Code = [
    local.set(before, f32x4.splat(local.get(value))),
    local.set(beforeColumn, i32x4.splat(local.get(column))),
    local.set(best, v128.f32Const(Number.NEGATIVE_INFINITY)),
    local.set(bestColumn, v128.i32Const(NO_COLUMN)),
    local.set(unordered, v128.zero),
    local.set(own, v128.i32Lanes(LANES.map((lane) => lane - LANES.length))),
    rowSweep(scope, {
      columns,
      inputs: [row],
      outputs: [],
      step: ([x], keep) => ({
        code: [
          local.set(own, i32x4.add(local.get(own), keep(constants.i32(LANES.length)))),
          local.set(unordered, v128.or(local.get(unordered), f32x4.ne(x, x))),
          local.set(better, v128.and(comesAfter(x), behind(x, local.get(own), local.get(best), local.get(bestColumn)))),
          local.set(better, keep(local.get(better))),
          local.set(best, v128.bitselect(x, local.get(best), local.get(better))),
          local.set(bestColumn, v128.bitselect(local.get(own), local.get(bestColumn), local.get(better))),
        ],
        results: [],
      }),
    }),
    local.set(value, f32x4.extractLane(local.get(best), 0)),
    local.set(column, i32x4.extractLane(local.get(bestColumn), 0)),
    LANES.slice(1).map((lane) => takeLane(value, column, best, bestColumn, lane)),
  ];
  return { unordered, code };
}

/** Lanes in which (b, column of b) comes after (a, column of a). */
function behind(a: Code, columnOfA: Code, b: Code, columnOfB: Code): Code {
  return v128.or(f32x4.lt(b, a), v128.and(f32x4.eq(b, a), i32x4.gt(columnOfB, columnOfA)));
}

function takeLane(value: number, column: number, best: number, bestColumn: number, lane: number): Code {
  const [x, own] = [f32x4.extractLane(local.get(best), lane), i32x4.extractLane(local.get(bestColumn), lane)];
  const isEqualAndFirst = i32.and(f32.eq(x, local.get(value)), i32.lt(own, local.get(column)));
  return ifThen(i32.or(f32.gt(x, local.get(value)), isEqualAndFirst), [local.set(value, x), local.set(column, own)]);
}
