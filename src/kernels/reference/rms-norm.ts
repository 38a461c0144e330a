import { rsqrt } from '../../base/index.ts';
import type { Numerics, Reals } from '../numerics.ts';
import { expectTensor, expectWhole } from './check-shape.ts';
import { laneSum } from './lane-sum.ts';

/**
 * Root mean square norm as in T5: no mean is subtracted, no bias added (Zhang and Sennrich 2019, arXiv:1910.07467, equation 4;
 * google-research/t5x, t5x/examples/t5/layers.py, LayerNorm).
 *
 * S rows (tokens), D = dModel.
 *   x [S, D]   gain [D]   y [S, D]   inverseRms [S], f32
 *   r_s = 1 / sqrt(mean over d of x_sd^2 + epsilon)
 *   n_sd = x_sd r_s        y_sd = n_sd gain_d
 *   dn_sd = dy_sd gain_d   dx_sd += r_s (dn_sd - x_sd r_s mean over i of (dn_si x_si r_s))   dGain_d += sum over s of dy_sd n_sd
 *
 * The statistics are f32 also in a bf16 model; n is rounded before it meets the gain, as in T5X. Sums along a row are those of four lanes
 * (lane-sum.ts); dGain goes on summing from what it holds, row by row.
 */
export interface RmsNormShape {
  /** S */
  readonly rows: number;
  /** D */
  readonly dModel: number;
}

/** T5's; part of the function, as gradients and published checkpoints depend on it. */
export const RMS_NORM_EPSILON = 1e-6;

export interface RmsNormInputs {
  readonly x: Reals;
  readonly gain: Reals;
}

export interface RmsNormOutputs {
  readonly y: Reals;
  /** Kept for the backward pass. */
  readonly inverseRms: Reals;
}

export interface RmsNormGradients {
  readonly dx: Reals;
  readonly dGain: Reals;
}

export function rmsNorm(numerics: Numerics, shape: RmsNormShape, { x, gain }: RmsNormInputs, { y, inverseRms }: RmsNormOutputs): void {
  const { round, store } = numerics;
  const { rows, dModel } = shape;
  checkRmsNorm('rmsNorm', shape, { x, gain }, inverseRms);
  expectTensor('rmsNorm', 'y', y, { rows, dModel });
  for (let s = 0, from = 0; s < rows; s++, from += dModel) {
    const squares = laneSum(numerics, dModel, (d) => round(x[from + d] * x[from + d]));
    const meanSquare = round(round(squares / dModel) + round(RMS_NORM_EPSILON));
    const inverse = round(rsqrt(meanSquare));
    for (let d = 0; d < dModel; d++) y[from + d] = store(store(x[from + d] * inverse) * gain[d]);
    inverseRms[s] = inverse;
  }
}

export function rmsNormBackward(
  numerics: Numerics,
  shape: RmsNormShape,
  { x, gain }: RmsNormInputs,
  inverseRms: Reals,
  dy: Reals,
  { dx, dGain }: RmsNormGradients,
): void {
  const { round, store } = numerics;
  const { rows, dModel } = shape;
  checkRmsNorm('rmsNormBackward', shape, { x, gain }, inverseRms);
  expectTensor('rmsNormBackward', 'dy', dy, { rows, dModel });
  expectTensor('rmsNormBackward', 'dx', dx, { rows, dModel });
  expectTensor('rmsNormBackward', 'dGain', dGain, { dModel });
  for (let s = 0, from = 0; s < rows; s++, from += dModel) {
    const inverse = inverseRms[s];
    const along = laneSum(numerics, dModel, (d) => round(round(dy[from + d] * gain[d]) * round(x[from + d] * inverse)));
    const mean = round(along / dModel);
    for (let d = 0; d < dModel; d++) {
      const normed = round(x[from + d] * inverse);
      const across = round(round(dy[from + d] * gain[d]) - round(normed * mean));
      dx[from + d] = store(round(dx[from + d] + round(inverse * across)));
      dGain[d] = round(dGain[d] + round(dy[from + d] * store(normed)));
    }
  }
}

function checkRmsNorm(fn: string, { rows, dModel }: RmsNormShape, { x, gain }: RmsNormInputs, inverseRms: Reals): void {
  expectWhole(fn, 'rows', rows, 0);
  expectWhole(fn, 'dModel', dModel, 1);
  expectTensor(fn, 'x', x, { rows, dModel });
  expectTensor(fn, 'gain', gain, { dModel });
  expectTensor(fn, 'inverseRms', inverseRms, { rows });
}
