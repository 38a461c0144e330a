import { BYTES_PER_ELEMENT, type Dtype } from '../../model/index.ts';
import { addLanes } from './element-loop.ts';
import type { WasmFunction } from './emitter.ts';
import { advance, countDownFromAny, f32, f32x4, i32, ifThen, local, memoryFill, v128 } from './instructions.ts';
import { nameOf, nextRows, type Row, rowFunction, rowSweep } from './row-sweep.ts';
import { rowExponentials, rowMaximum } from './softmax-row.ts';

const FLOAT_BYTES = 4;

/** `softmax(source, sourceRowBytes, target, columns, rows, maxima, sums)`: the softmax of routers; target rows stand one behind the other. */
export function softmaxFunction(): WasmFunction {
  const [source, sourceRowBytes, target, columns, rows, maxima, sums] = [0, 1, 2, 3, 4, 5, 6];
  const [from, to]: Row[] = [
    { start: source, dtype: 'f32' },
    { start: target, dtype: 'f32' },
  ];
  return rowFunction({ name: 'softmax', parameters: 7 }, (scope) => {
    const { maximum, code: findMaximum } = rowMaximum(scope, columns, from);
    const { sum, code: exponentials } = rowExponentials(scope, columns, from, maximum, to);
    return countDownFromAny(rows, [
      findMaximum,
      f32.store(local.get(maxima), f32x4.extractLane(local.get(maximum), 0)),
      exponentials,
      f32.store(local.get(sums), f32x4.extractLane(local.get(sum), 0)),
      rowSweep(scope, { columns, inputs: [to], outputs: [to], step: ([x]) => ({ results: [f32x4.div(x, local.get(sum))] }) }),
      advance(source, local.get(sourceRowBytes)),
      nextRows(columns, [to]),
      advance(maxima, i32.const(FLOAT_BYTES)),
      advance(sums, i32.const(FLOAT_BYTES)),
    ]);
  });
}

/** `maskedSoftmaxBf16(scores, target, columns, rows)`: scores become e^(score - maximum). */
export function maskedSoftmaxFunction(dtype: Dtype): WasmFunction {
  const [scores, target, columns, rows] = [0, 1, 2, 3];
  const [from, to]: Row[] = [
    { start: scores, dtype: 'f32' },
    { start: target, dtype },
  ];
  const rowBytes = i32.mul(local.get(columns), i32.const(BYTES_PER_ELEMENT[dtype]));
  return rowFunction({ name: nameOf('maskedSoftmax', dtype), parameters: 4 }, (scope) => {
    const { maximum, code: findMaximum } = rowMaximum(scope, columns, from);
    const { sum, code: exponentials } = rowExponentials(scope, columns, from, maximum, from);
    const shares = rowSweep(scope, {
      columns,
      inputs: [from],
      outputs: [to],
      step: ([x]) => ({ results: [f32x4.div(x, local.get(sum))] }),
    });
    return countDownFromAny(rows, [
      findMaximum,
      ifThen(
        v128.anyTrue(f32x4.eq(local.get(maximum), v128.f32Const(Number.NEGATIVE_INFINITY))),
        memoryFill(local.get(target), i32.const(0), rowBytes),
        [exponentials, shares],
      ),
      nextRows(columns, [from, to]),
    ]);
  });
}

/** `softmaxBackwardBf16F32(y, dy, dx, columns, rows)`, for the dtypes of y and dx, or `softmaxBackwardBf16F32Adding`. */
export function softmaxBackwardFunction(yDtype: Dtype, dxDtype: Dtype, adds: boolean): WasmFunction {
  const [y, dy, dx]: Row[] = [
    { start: 0, dtype: yDtype },
    { start: 1, dtype: 'f32' },
    { start: 2, dtype: dxDtype },
  ];
  const [columns, rows] = [3, 4];
  return rowFunction({ name: softmaxBackwardName(yDtype, dxDtype, adds), parameters: 5 }, (scope) => {
    const along = scope.declare('v128');
    return countDownFromAny(rows, [
      local.set(along, v128.zero),
      rowSweep(scope, {
        columns,
        inputs: [y, dy],
        outputs: [],
        step: ([share, slope]) => ({ code: local.set(along, f32x4.add(local.get(along), f32x4.mul(slope, share))), results: [] }),
      }),
      local.set(along, f32x4.splat(addLanes(along))),
      rowSweep(scope, {
        columns,
        inputs: adds ? [y, dy, dx] : [y, dy],
        outputs: [dx],
        step: ([share, slope, before = v128.zero]) => ({
          results: [f32x4.add(before, f32x4.mul(share, f32x4.sub(slope, local.get(along))))],
        }),
      }),
      nextRows(columns, [y, dy, dx]),
    ]);
  });
}

export function softmaxBackwardName(y: Dtype, dx: Dtype, adds: boolean): string {
  return nameOf('softmaxBackward', y, dx) + (adds ? 'Adding' : '');
}
