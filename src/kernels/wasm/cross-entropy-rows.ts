import type { Dtype } from '../../model/index.ts';
import { STATISTICS_PER_TOKEN, TOKEN_STATISTICS } from '../cross-entropy.ts';
import { addLanes, type ElementStep } from './element-loop.ts';
import type { Code, WasmFunction } from './emitter.ts';
import { expInstructions } from './exp.ts';
import { advance, countDownFromAny, f32, f32x4, i32, i32x4, local, v128 } from './instructions.ts';
import { nameOf, nextRows, type Row, rowFunction, rowSweep, type Scope, withNumbers } from './row-sweep.ts';
import { rowExponentials, rowMaximum } from './softmax-row.ts';

/** The parts of the cross-entropy that go along the vocabulary; their formulas are in reference/cross-entropy.ts. */

const FLOAT_BYTES = 4;
const LANES = [0, 1, 2, 3];

/** `crossEntropyRows(logits, statistics, columns, rows)`: maximum and sum of e^(logit - maximum) of every row, at their places in the statistics. */
export function crossEntropyRowsFunction(): WasmFunction {
  const [logits, statistics, columns, rows] = [0, 1, 2, 3];
  const row: Row = { start: logits, dtype: 'f32' };
  const put = (place: number, vector: number): Code =>
    f32.store(local.get(statistics), f32x4.extractLane(local.get(vector), 0), place * FLOAT_BYTES);
  return rowFunction({ name: 'crossEntropyRows', parameters: 4 }, (scope) => {
    const { maximum, code: findMaximum } = rowMaximum(scope, columns, row);
    const { sum, code: exponentials } = rowExponentials(scope, columns, row, maximum, null);
    return countDownFromAny(rows, [
      findMaximum,
      exponentials,
      put(TOKEN_STATISTICS.maximum, maximum),
      put(TOKEN_STATISTICS.sum, sum),
      nextRows(columns, [row]),
      advance(statistics, i32.const(STATISTICS_PER_TOKEN * FLOAT_BYTES)),
    ]);
  });
}

/** `crossEntropyLoss(logits, columns, target, maximum, logSum, share, shareOfOthers)`: the loss of one row; the last four are f32. */
export function crossEntropyLossFunction(): WasmFunction {
  const [logits, columns, target] = [0, 1, 2];
  const numbers = [3, 4, 5, 6];
  return rowFunction({ name: 'crossEntropyLoss', parameters: withNumbers(3, numbers.length), result: 'f32' }, (scope) => {
    const vectors = numbers.map(() => scope.declare('v128'));
    const [maximum, logSum, share, shareOfOthers] = vectors;
    const sum = scope.declare('v128');
    const wanted = wantedShare(scope, target, share, shareOfOthers);
    return [
      splatAll(vectors, numbers),
      wanted.start,
      local.set(sum, v128.zero),
      rowSweep(scope, {
        columns,
        inputs: [{ start: logits, dtype: 'f32' }],
        outputs: [],
        step: ([logit], keep) => {
          const lost = f32x4.add(f32x4.sub(local.get(maximum), logit), local.get(logSum));
          const term = keep(f32x4.mul(wanted.share, lost));
          return { code: [wanted.next(keep), local.set(sum, f32x4.add(local.get(sum), term))], results: [] };
        },
      }),
      addLanes(sum),
    ];
  });
}

/**
 * `crossEntropyGradientBf16(logits, dLogits, columns, target, maximum, sum, slope, scale, share, shareOfOthers)`: one row of dLogits in the dtype; the last six
 * are f32: slope is 1 + 2 z logZ, scale is dLoss / N.
 */
export function crossEntropyGradientFunction(dtype: Dtype): WasmFunction {
  const [logits, dLogits, columns, target] = [0, 1, 2, 3];
  const numbers = [4, 5, 6, 7, 8, 9];
  return rowFunction({ name: nameOf('crossEntropyGradient', dtype), parameters: withNumbers(4, numbers.length) }, (scope) => {
    const vectors = numbers.map(() => scope.declare('v128'));
    const [maximum, sum, slope, scale, share, shareOfOthers] = vectors;
    const value = scope.declare('v128');
    const exp = expInstructions(() => scope.declare('v128'), scope.constants);
    const wanted = wantedShare(scope, target, share, shareOfOthers);
    return [
      splatAll(vectors, numbers),
      wanted.start,
      rowSweep(scope, {
        columns,
        inputs: [{ start: logits, dtype: 'f32' }],
        outputs: [{ start: dLogits, dtype }],
        step: ([logit], keep) => {
          const p = f32x4.div(local.get(value), local.get(sum));
          const difference = f32x4.sub(f32x4.mul(p, local.get(slope)), wanted.share);
          return {
            code: [wanted.next(keep), exp(value, f32x4.sub(logit, local.get(maximum)))],
            results: [f32x4.add(v128.zero, f32x4.mul(local.get(scale), difference))],
          };
        },
      }),
    ];
  });
}

function splatAll(vectors: readonly number[], numbers: readonly number[]): Code {
  return vectors.map((vector, i) => local.set(vector, f32x4.splat(local.get(numbers[i]))));
}

/** q of four columns: `next` goes on to those of a step. */
function wantedShare(
  { declare, constants }: Scope,
  target: number,
  share: number,
  shareOfOthers: number,
): { readonly start: Code; readonly next: (keep: Parameters<ElementStep>[1]) => Code; readonly share: Code } {
  const [columns, targets] = [declare('v128'), declare('v128')];
  return {
    start: [
      local.set(columns, v128.i32Lanes(LANES.map((lane) => lane - LANES.length))),
      local.set(targets, i32x4.splat(local.get(target))),
    ],
    next: (keep) => local.set(columns, i32x4.add(local.get(columns), keep(constants.i32(LANES.length)))),
    share: v128.bitselect(local.get(share), local.get(shareOfOthers), i32x4.eq(local.get(columns), local.get(targets))),
  };
}
