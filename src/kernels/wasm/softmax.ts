import { type Dtype, elementCount } from '../../model/index.ts';
import { expectThat } from '../reference/check-shape.ts';
import { type SoftmaxKernels, sameRows, softmaxSizes, topKSizes } from '../softmax.ts';
import type { KernelMemory } from '../table.ts';
import { addLanes } from './element-loop.ts';
import { localsAfter, type WasmFunction } from './emitter.ts';
import { advance, countDownFromAny, f32, f32x4, i32, ifThen, local, memoryFill, v128 } from './instructions.ts';
import { nameOf, nextRows, type Row, rowSweep } from './row-sweep.ts';
import { rowExponentials, rowMaximum } from './softmax-row.ts';
import { topKFunction } from './top-k.ts';

const FLOAT_BYTES = 4;
const DTYPES: readonly Dtype[] = ['f32', 'bf16'];

export function softmaxFunctions(): WasmFunction[] {
  return [
    softmaxFunction(),
    ...DTYPES.map(maskedSoftmaxFunction),
    ...DTYPES.flatMap((y) => DTYPES.flatMap((dx) => [softmaxBackwardFunction(y, dx, false), softmaxBackwardFunction(y, dx, true)])),
    topKFunction(),
  ];
}

type Exported = (...values: number[]) => number;

export function createWasmSoftmax(exports: Record<string, unknown>, memory: KernelMemory): SoftmaxKernels {
  const wasm = exports as Record<string, Exported>;
  return {
    softmax(logits, firstColumn, probabilities, statistics) {
      const [rows, width, experts] = softmaxSizes(logits, firstColumn, probabilities, statistics);
      const source = logits.offset + firstColumn * FLOAT_BYTES;
      const sums = statistics.offset + rows * FLOAT_BYTES;
      wasm.softmax(source, width * FLOAT_BYTES, probabilities.offset, experts, rows, statistics.offset, sums);
    },

    maskedSoftmax(scores, probabilities) {
      const [rows, columns] = sameRows('maskedSoftmax', [scores], [probabilities]);
      wasm[nameOf('maskedSoftmax', probabilities.dtype)](scores.offset, probabilities.offset, columns, rows);
    },

    softmaxBackward(y, dy, dx, adds) {
      const [rows, columns] = sameRows('softmaxBackward', [dy], [y, dx]);
      wasm[backwardName(y.dtype, dx.dtype, adds)](y.offset, dy.offset, dx.offset, columns, rows);
    },

    topK(x, values, indices) {
      const [rows, columns, k] = topKSizes(x, values);
      const row = wasm.topK(x.offset, values.offset, indices, k, columns, rows);
      if (row < 0) return;
      const column = new Float32Array(memory.buffer, x.offset, elementCount(x.shape)).subarray(row * columns).findIndex(Number.isNaN);
      expectThat(false, 'topK', `x at row ${row}, column ${column}`, 'must be a number', Number.NaN);
    },
  };
}

/** `softmax(source, sourceRowBytes, target, columns, rows, maxima, sums)`: `softmaxRows` of TypeScript; target rows stand one behind the other. */
function softmaxFunction(): WasmFunction {
  const [source, sourceRowBytes, target, columns, rows, maxima, sums] = [0, 1, 2, 3, 4, 5, 6];
  const { declare, declared } = localsAfter(7);
  const [from, to]: Row[] = [
    { start: source, dtype: 'f32' },
    { start: target, dtype: 'f32' },
  ];
  const { maximum, code: findMaximum } = rowMaximum(declare, columns, from);
  const { sum, code: exponentials } = rowExponentials(declare, columns, from, maximum, to);
  const body = countDownFromAny(rows, [
    findMaximum,
    f32.store(local.get(maxima), f32x4.extractLane(local.get(maximum), 0)),
    exponentials,
    f32.store(local.get(sums), f32x4.extractLane(local.get(sum), 0)),
    rowSweep(declare, { columns, inputs: [to], outputs: [to], step: ([x]) => ({ results: [f32x4.div(x, local.get(sum))] }) }),
    advance(source, local.get(sourceRowBytes)),
    nextRows(columns, [to]),
    advance(maxima, i32.const(FLOAT_BYTES)),
    advance(sums, i32.const(FLOAT_BYTES)),
  ]);
  return { name: 'softmax', parameters: 7, locals: declared, body };
}

/** `maskedSoftmaxBf16(scores, target, columns, rows)`: scores become e^(score - maximum). */
function maskedSoftmaxFunction(dtype: Dtype): WasmFunction {
  const [scores, target, columns, rows] = [0, 1, 2, 3];
  const { declare, declared } = localsAfter(4);
  const [from, to]: Row[] = [
    { start: scores, dtype: 'f32' },
    { start: target, dtype },
  ];
  const { maximum, code: findMaximum } = rowMaximum(declare, columns, from);
  const { sum, code: exponentials } = rowExponentials(declare, columns, from, maximum, from);
  const rowBytes = i32.mul(local.get(columns), i32.const(dtype === 'f32' ? 4 : 2));
  const body = countDownFromAny(rows, [
    findMaximum,
    ifThen(
      v128.anyTrue(f32x4.eq(local.get(maximum), v128.f32Const(Number.NEGATIVE_INFINITY))),
      memoryFill(local.get(target), i32.const(0), rowBytes),
      [
        exponentials,
        rowSweep(declare, { columns, inputs: [from], outputs: [to], step: ([x]) => ({ results: [f32x4.div(x, local.get(sum))] }) }),
      ],
    ),
    nextRows(columns, [from, to]),
  ]);
  return { name: nameOf('maskedSoftmax', dtype), parameters: 4, locals: declared, body };
}

/** `softmaxBackwardBf16F32(y, dy, dx, columns, rows)`, for the dtypes of y and dx, or `softmaxBackwardBf16F32Adding`. */
function softmaxBackwardFunction(yDtype: Dtype, dxDtype: Dtype, adds: boolean): WasmFunction {
  const [y, dy, dx]: Row[] = [
    { start: 0, dtype: yDtype },
    { start: 1, dtype: 'f32' },
    { start: 2, dtype: dxDtype },
  ];
  const [columns, rows] = [3, 4];
  const { declare, declared } = localsAfter(5);
  const along = declare('v128');
  const body = countDownFromAny(rows, [
    local.set(along, v128.zero),
    rowSweep(declare, {
      columns,
      inputs: [y, dy],
      outputs: [],
      step: ([share, slope]) => ({ code: local.set(along, f32x4.add(local.get(along), f32x4.mul(slope, share))), results: [] }),
    }),
    local.set(along, f32x4.splat(addLanes(along))),
    rowSweep(declare, {
      columns,
      inputs: adds ? [y, dy, dx] : [y, dy],
      outputs: [dx],
      step: ([share, slope, before = v128.zero]) => ({
        results: [f32x4.add(before, f32x4.mul(share, f32x4.sub(slope, local.get(along))))],
      }),
    }),
    nextRows(columns, [y, dy, dx]),
  ]);
  return { name: backwardName(yDtype, dxDtype, adds), parameters: 5, locals: declared, body };
}

function backwardName(y: Dtype, dx: Dtype, adds: boolean): string {
  return nameOf('softmaxBackward', y, dx) + (adds ? 'Adding' : '');
}
