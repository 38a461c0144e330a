import type { Dtype } from '../../model/index.ts';
import { RMS_NORM_EPSILON } from '../reference/rms-norm.ts';
import { roundToBf16Instructions, widenBf16 } from './bf16-lanes.ts';
import { addLanes } from './element-loop.ts';
import type { Code, WasmFunction } from './emitter.ts';
import { advance, countDownFromAny, f32, f32x4, f64x2, i32, local, v128 } from './instructions.ts';
import { nameOf, nextRows, type Row, rowFunction, rowSweep, type Scope, withNumbers } from './row-sweep.ts';

/** The RMS norm of reference/rms-norm.ts, operation by operation. `width` is the number of columns once more, as f32. */

const FLOAT_BYTES = 4;

/** `rmsNormBf16F32(x, gain, inverseRms, y, columns, rows, width)`, for the dtypes of x and of the gain. */
export function rmsNormFunction(dtype: Dtype, gainDtype: Dtype): WasmFunction {
  const [x, gain, y]: Row[] = [
    { start: 0, dtype },
    { start: 1, dtype: gainDtype },
    { start: 3, dtype },
  ];
  const [inverseRms, columns, rows, width] = [2, 4, 5, 6];
  return rowFunction({ name: nameOf('rmsNorm', dtype, gainDtype), parameters: withNumbers(6, 1) }, (scope) => {
    const [squares, inverse] = [scope.declare('v128'), scope.declare('v128')];
    const rounded = stored(scope, dtype);
    const meanSquare = f32.add(f32.div(addLanes(squares), local.get(width)), f32.const(RMS_NORM_EPSILON));
    return countDownFromAny(rows, [
      local.set(squares, v128.zero),
      rowSweep(scope, {
        columns,
        inputs: [x],
        outputs: [],
        step: ([value]) => ({ code: local.set(squares, f32x4.add(local.get(squares), f32x4.mul(value, value))), results: [] }),
      }),
      local.set(inverse, inverseRoot(f32x4.splat(meanSquare))),
      f32.store(local.get(inverseRms), f32x4.extractLane(local.get(inverse), 0)),
      rowSweep(scope, {
        columns,
        inputs: [x, gain],
        outputs: [y],
        step: ([value, factor]) => ({ results: [f32x4.mul(rounded(f32x4.mul(value, local.get(inverse))), factor)] }),
      }),
      nextRows(columns, [x, y]),
      advance(inverseRms, i32.const(FLOAT_BYTES)),
    ]);
  });
}

/** `rmsNormBackwardBf16F32(x, gain, inverseRms, dy, dx, columns, rows, width)`, for the dtypes of x and of the gain. */
export function rmsNormBackwardFunction(dtype: Dtype, gainDtype: Dtype): WasmFunction {
  const [x, gain, dy, dx]: Row[] = [
    { start: 0, dtype },
    { start: 1, dtype: gainDtype },
    { start: 3, dtype },
    { start: 4, dtype },
  ];
  const [inverseRms, columns, rows, width] = [2, 5, 6, 7];
  return rowFunction({ name: nameOf('rmsNormBackward', dtype, gainDtype), parameters: withNumbers(7, 1) }, (scope) => {
    const [inverse, along, mean] = [scope.declare('v128'), scope.declare('v128'), scope.declare('v128')];
    const normed = (value: Code): Code => f32x4.mul(value, local.get(inverse));
    return countDownFromAny(rows, [
      local.set(inverse, v128.load32Splat(local.get(inverseRms))),
      local.set(along, v128.zero),
      rowSweep(scope, {
        columns,
        inputs: [x, gain, dy],
        outputs: [],
        step: ([value, factor, slope], keep) => ({
          code: local.set(along, f32x4.add(local.get(along), keep(f32x4.mul(f32x4.mul(slope, factor), normed(value))))),
          results: [],
        }),
      }),
      local.set(mean, f32x4.splat(f32.div(addLanes(along), local.get(width)))),
      rowSweep(scope, {
        columns,
        inputs: [x, gain, dy, dx],
        outputs: [dx],
        step: ([value, factor, slope, before]) => {
          const across = f32x4.sub(f32x4.mul(slope, factor), f32x4.mul(normed(value), local.get(mean)));
          return { results: [f32x4.add(before, f32x4.mul(local.get(inverse), across))] };
        },
      }),
      nextRows(columns, [x, dy, dx]),
      advance(inverseRms, i32.const(FLOAT_BYTES)),
    ]);
  });
}

/** `rmsNormBackwardGainBf16(x, rowBytes, inverseRms, dy, dGain, columns, rows)`: some columns of rows of x and dy that are rowBytes apart. */
export function rmsNormBackwardGainFunction(dtype: Dtype): WasmFunction {
  const [x, dy, dGain]: Row[] = [
    { start: 0, dtype },
    { start: 3, dtype },
    { start: 4, dtype: 'f32' },
  ];
  const [rowBytes, inverseRms, columns, rows] = [1, 2, 5, 6];
  return rowFunction({ name: nameOf('rmsNormBackwardGain', dtype), parameters: 7 }, (scope) => {
    const inverse = scope.declare('v128');
    const rounded = stored(scope, dtype);
    return countDownFromAny(rows, [
      local.set(inverse, v128.load32Splat(local.get(inverseRms))),
      rowSweep(scope, {
        columns,
        inputs: [x, dy, dGain],
        outputs: [dGain],
        step: ([value, slope, before]) => ({
          results: [f32x4.add(before, f32x4.mul(slope, rounded(f32x4.mul(value, local.get(inverse)))))],
        }),
      }),
      [x, dy].map(({ start }) => advance(start, local.get(rowBytes))),
      advance(inverseRms, i32.const(FLOAT_BYTES)),
    ]);
  });
}

/** `store` of the reference kernels: rounds to the dtype and stays f32. */
function stored({ declare, constants }: Scope, dtype: Dtype): (value: Code) => Code {
  if (dtype === 'f32') return (value) => value;
  const round = roundToBf16Instructions(() => declare('v128'), constants);
  return (value) => widenBf16(round(value));
}

/** 1 / sqrt of lane 0 in every lane: `rsqrt` in double, rounded to f32. */
function inverseRoot(vector: Code): Code {
  const double = f64x2.div(v128.f64Const(1), f64x2.sqrt(f64x2.promoteLowF32x4(vector)));
  return f32x4.splat(f32x4.extractLane(f32x4.demoteF64x2Zero(double), 0));
}
