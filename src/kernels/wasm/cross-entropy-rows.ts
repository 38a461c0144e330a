import type { Dtype } from '../../model/index.ts';
import { STATISTICS_PER_TOKEN, TOKEN_STATISTICS } from '../cross-entropy.ts';
import { addLanes, type ElementStep } from './element-loop.ts';
import { type Code, localsAfter, type ValueType, type WasmFunction } from './emitter.ts';
import { expInstructions } from './exp.ts';
import { advance, countDownFromAny, f32, f32x4, i32, i32x4, local, v128 } from './instructions.ts';
import { type Declare, nameOf, nextRows, type Row, rowSweep } from './row-sweep.ts';
import { rowExponentials, rowMaximum } from './softmax-row.ts';

/** The parts of the cross-entropy that go along the vocabulary; their formulas are in reference/cross-entropy.ts. */

const FLOAT_BYTES = 4;
const LANES = [0, 1, 2, 3];

/** `crossEntropyRows(logits, statistics, columns, rows)`: maximum and sum of e^(logit - maximum) of every row, at their places in the statistics. */
export function crossEntropyRowsFunction(): WasmFunction {
  const [logits, statistics, columns, rows] = [0, 1, 2, 3];
  const { declare, declared } = localsAfter(4);
  const row: Row = { start: logits, dtype: 'f32' };
  const { maximum, code: findMaximum } = rowMaximum(declare, columns, row);
  const { sum, code: exponentials } = rowExponentials(declare, columns, row, maximum, null);
  const put = (place: number, vector: number): Code =>
    f32.store(local.get(statistics), f32x4.extractLane(local.get(vector), 0), place * FLOAT_BYTES);
  const body = countDownFromAny(rows, [
    findMaximum,
    exponentials,
    put(TOKEN_STATISTICS.maximum, maximum),
    put(TOKEN_STATISTICS.sum, sum),
    nextRows(columns, [row]),
    advance(statistics, i32.const(STATISTICS_PER_TOKEN * FLOAT_BYTES)),
  ]);
  return { name: 'crossEntropyRows', parameters: 4, locals: declared, body };
}

/** `crossEntropyLoss(logits, columns, target, maximum, logSum, share, shareOfOthers)`: the loss of one row; the last four are f32. */
export function crossEntropyLossFunction(): WasmFunction {
  const [logits, columns, target] = [0, 1, 2];
  const numbers = [3, 4, 5, 6];
  const { declare, declared } = localsAfter(7);
  const [maximum, logSum, share, shareOfOthers] = numbers.map(() => declare('v128'));
  const sum = declare('v128');
  const wanted = wantedShare(declare, target, share, shareOfOthers);
  const body: Code = [
    splatAll([maximum, logSum, share, shareOfOthers], numbers),
    wanted.start,
    local.set(sum, v128.zero),
    rowSweep(declare, {
      columns,
      inputs: [{ start: logits, dtype: 'f32' }],
      outputs: [],
      step: ([logit], keep) => {
        const lost = f32x4.add(f32x4.sub(local.get(maximum), logit), local.get(logSum));
        return {
          code: [wanted.next(keep), local.set(sum, f32x4.add(local.get(sum), keep(f32x4.mul(wanted.share, lost))))],
          results: [],
        };
      },
    }),
    addLanes(sum),
  ];
  return { name: 'crossEntropyLoss', parameters: withNumbers(3, numbers), result: 'f32', locals: declared, body };
}

/**
 * `crossEntropyGradientBf16(logits, dLogits, columns, target, maximum, sum, slope, scale, share, shareOfOthers)`: one row of dLogits in the dtype; the last six
 * are f32: slope is 1 + 2 z logZ, scale is dLoss / N.
 */
export function crossEntropyGradientFunction(dtype: Dtype): WasmFunction {
  const [logits, dLogits, columns, target] = [0, 1, 2, 3];
  const numbers = [4, 5, 6, 7, 8, 9];
  const { declare, declared } = localsAfter(10);
  const vectors = numbers.map(() => declare('v128'));
  const [maximum, sum, slope, scale, share, shareOfOthers] = vectors;
  const value = declare('v128');
  const exp = expInstructions(() => declare('v128'));
  const wanted = wantedShare(declare, target, share, shareOfOthers);
  const body: Code = [
    splatAll(vectors, numbers),
    wanted.start,
    rowSweep(declare, {
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
  return { name: nameOf('crossEntropyGradient', dtype), parameters: withNumbers(4, numbers), locals: declared, body };
}

function withNumbers(addresses: number, numbers: readonly number[]): ValueType[] {
  return [...Array.from({ length: addresses }, () => 'i32' as const), ...numbers.map(() => 'f32' as const)];
}

function splatAll(vectors: readonly number[], numbers: readonly number[]): Code {
  return vectors.map((vector, i) => local.set(vector, f32x4.splat(local.get(numbers[i]))));
}

/** q of four columns: `next` goes on to those of a step. */
function wantedShare(
  declare: Declare,
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
    next: (keep) => local.set(columns, i32x4.add(local.get(columns), keep(v128.i32Const(LANES.length)))),
    share: v128.bitselect(local.get(share), local.get(shareOfOthers), i32x4.eq(local.get(columns), local.get(targets))),
  };
}
