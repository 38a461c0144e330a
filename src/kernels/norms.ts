import { assert } from '../base/index.ts';
import { elementCount, type TensorView } from '../model/index.ts';

/**
 * RMS norm, whose formulas are in reference/rms-norm.ts: y = x r gain, r = 1 / sqrt(mean of x^2 + epsilon).
 *
 * S rows (tokens), D = dModel. Activations and their gradients have one dtype, f32 or bf16, the gain any of the two; inverseRms [S] and dGain [D] are f32.
 * Sums along a row are those of four lanes, sums over rows are in their order. The backward is in two parts, so that threads can share it: dx by blocks of rows
 * (windows of the tensors), dGain by blocks of columns.
 */
export interface NormKernels {
  /** y [S, D] and inverseRms [S] of x [S, D]; y may lie where x does. */
  rmsNorm(x: TensorView, gain: TensorView, y: TensorView, inverseRms: TensorView): void;
  /** dx [S, D] += the gradient by x of dy [S, D]. */
  rmsNormBackward(x: TensorView, gain: TensorView, inverseRms: TensorView, dy: TensorView, dx: TensorView): void;
  /** dGain_d += sum over the rows of dy_sd n_sd, for d = columns.from .. columns.to - 1. */
  rmsNormBackwardGain(x: TensorView, inverseRms: TensorView, dy: TensorView, dGain: TensorView, columns: Columns): void;
}

/** Columns from .. to - 1. */
export interface Columns {
  readonly from: number;
  readonly to: number;
}

/** Checks the shapes of a norm: `activations` [S, D] of one dtype, f32 inverseRms [S], `columnNumbers` [D]; [rows, dModel]. */
export function normSizes(
  kernel: string,
  activations: readonly TensorView[],
  inverseRms: TensorView,
  columnNumbers: TensorView,
): [number, number] {
  const { shape, dtype } = activations[0];
  const [rows, dModel] = shape;
  assert(shape.length === 2 && dModel > 0, `${kernel} of ${shape.join(' x ')}`);
  for (const other of activations) {
    const fits = other.shape[0] === rows && other.shape[1] === dModel && other.dtype === dtype;
    assert(fits, `${kernel}: ${other.dtype} ${other.shape.join(' x ')} beside ${dtype} ${rows} x ${dModel}`);
  }
  assert(inverseRms.dtype === 'f32' && elementCount(inverseRms.shape) === rows, `${kernel}: inverseRms ${inverseRms.shape.join(' x ')}`);
  assert(elementCount(columnNumbers.shape) === dModel, `${kernel}: ${columnNumbers.shape.join(' x ')} for ${dModel} columns`);
  return [rows, dModel];
}

/** The same for the gradient of the gain; [rows, dModel]. */
export function normGainSizes(
  x: TensorView,
  inverseRms: TensorView,
  dy: TensorView,
  dGain: TensorView,
  { from, to }: Columns,
): [number, number] {
  const [rows, dModel] = normSizes('rmsNormBackwardGain', [x, dy], inverseRms, dGain);
  assert(dGain.dtype === 'f32', `rmsNormBackwardGain: dGain of ${dGain.dtype}`);
  assert(from >= 0 && from <= to && to <= dModel, `rmsNormBackwardGain: columns ${from} .. ${to} of ${dModel}`);
  return [rows, dModel];
}
