import { exp, log, rsqrt } from '../../../base/index.ts';
import type { Numerics, Reals } from '../../numerics.ts';
import { expectSetting, expectUpdate } from '../optimizer-checks.ts';
import type { OptimizerState, OptimizerStep, OptimizerTensors, ReferenceOptimizer, WeightShape } from './optimizer.ts';

/**
 * Adafactor without momentum (Shazeer and Stern 2018, arXiv:1804.04235, algorithm 4 for matrices, 5 for vectors,
 * section 7.2 for b). Every matrix is factored, however small.
 *
 *   weights X, gradient G [R, C]; t step, rho learning rate, b = 1 - t^-0.8
 *   matrix   rowMeans [R] = b rowMeans + (1 - b) mean over c of (G^2 + epsilon1), columnMeans [C] likewise over r
 *            V = rowMeans columnMeans^T / mean(rowMeans)
 *   vector   secondMoment [C] = V = b V + (1 - b) (G^2 + epsilon1)
 *   U = G / sqrt(V)            U = U / max(1, RMS(U) / d)
 *   X -= max(epsilon2, RMS(X)) rho U
 *
 * Means take the place of the paper's sums, and 1 / sqrt(V) is a product of two inverse roots, as in tensorflow/mesh
 * (mesh_tensorflow/optimize.py, AdafactorOptimizer): the product of a row's and a column's mean can leave the range of f32.
 */
export interface AdafactorSettings {
  /** Added to squared gradients. */
  readonly epsilon1: number;
  /** Least scale of the weights. */
  readonly epsilon2: number;
  /** d: most that the root mean square of U may be. */
  readonly clippingThreshold: number;
  /** c in b = 1 - t^-c. */
  readonly decayExponent: number;
  /** Whether a step is relative to RMS(X); else it is rho itself. */
  readonly scalesByParameter: boolean;
}

/** Algorithm 6 of the paper. */
const DEFAULTS: AdafactorSettings = { epsilon1: 1e-30, epsilon2: 1e-3, clippingThreshold: 1, decayExponent: 0.8, scalesByParameter: true };

export function adafactor(settings: Partial<AdafactorSettings> = {}): ReferenceOptimizer {
  const all = { ...DEFAULTS, ...settings };
  expectSetting('adafactor', 'epsilon1', all.epsilon1, 0, Number.POSITIVE_INFINITY);
  expectSetting('adafactor', 'epsilon2', all.epsilon2, 0, Number.POSITIVE_INFINITY);
  expectSetting('adafactor', 'clippingThreshold', all.clippingThreshold, Number.MIN_VALUE, Number.POSITIVE_INFINITY);
  expectSetting('adafactor', 'decayExponent', all.decayExponent, 0, Number.POSITIVE_INFINITY);
  return {
    initialise({ zeros }, { rows, columns }): OptimizerState {
      if (rows === 1) return { secondMoment: zeros(columns) };
      return { rowMeans: zeros(rows), columnMeans: zeros(columns) };
    },
    update: (numerics, shape, at, tensors) => update(numerics, shape, all, at, tensors),
  };
}

/** rho_t = min(0.01, 1 / sqrt(t)): the paper's relative step size, for `learningRate`. */
export function relativeStepSize(step: number): number {
  return Math.min(0.01, 1 / Math.sqrt(step));
}

function update(numerics: Numerics, shape: WeightShape, settings: AdafactorSettings, at: OptimizerStep, tensors: OptimizerTensors): void {
  const { rows, columns } = shape;
  const isVector = rows === 1;
  expectUpdate('adafactor', shape, at, tensors, isVector ? { secondMoment: columns } : { rowMeans: rows, columnMeans: columns });
  const { round } = numerics;
  const { weights, gradient, state } = tensors;
  // t^-c; 1 for the first step, whatever c is, so nothing of the zeros that the state starts from stays.
  const fresh = round(exp(-settings.decayExponent * log(at.step)));
  const direction = isVector
    ? vectorDirection(numerics, settings, fresh, gradient, state.secondMoment)
    : matrixDirection(numerics, settings, fresh, gradient, state.rowMeans, state.columnMeans);
  const clip = Math.max(1, round(rootMeanSquare(numerics, direction) / round(settings.clippingThreshold)));
  const scale = settings.scalesByParameter ? Math.max(round(settings.epsilon2), rootMeanSquare(numerics, weights)) : 1;
  const rate = round(scale * round(at.learningRate));
  for (let i = 0; i < weights.length; i++) weights[i] = round(weights[i] - round(rate * round(direction[i] / clip)));
}

/** U of a vector; the second moment is brought up to date. */
function vectorDirection(
  { round, zeros }: Numerics,
  { epsilon1 }: AdafactorSettings,
  fresh: number,
  gradient: Reals,
  secondMoment: Reals,
): Reals {
  const direction = zeros(gradient.length);
  const kept = round(1 - fresh);
  for (let c = 0; c < gradient.length; c++) {
    const square = round(round(gradient[c] * gradient[c]) + round(epsilon1));
    secondMoment[c] = round(round(kept * secondMoment[c]) + round(fresh * square));
    direction[c] = round(gradient[c] * round(rsqrt(secondMoment[c])));
  }
  return direction;
}

/** U of a matrix; row and column means are brought up to date. */
function matrixDirection(
  { round, zeros }: Numerics,
  { epsilon1 }: AdafactorSettings,
  fresh: number,
  gradient: Reals,
  rowMeans: Reals,
  columnMeans: Reals,
): Reals {
  const [rows, columns] = [rowMeans.length, columnMeans.length];
  const kept = round(1 - fresh);
  const [rowSums, columnSums] = [zeros(rows), zeros(columns)];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const g = gradient[r * columns + c];
      const square = round(round(g * g) + round(epsilon1));
      rowSums[r] = round(rowSums[r] + square);
      columnSums[c] = round(columnSums[c] + square);
    }
  }
  for (let r = 0; r < rows; r++) rowMeans[r] = round(round(kept * rowMeans[r]) + round(fresh * round(rowSums[r] / columns)));
  for (let c = 0; c < columns; c++) columnMeans[c] = round(round(kept * columnMeans[c]) + round(fresh * round(columnSums[c] / rows)));
  let total = 0;
  for (let r = 0; r < rows; r++) total = round(total + rowMeans[r]);
  const mean = round(total / rows);
  const direction = zeros(rows * columns);
  for (let r = 0; r < rows; r++) {
    const ofRow = round(rsqrt(round(rowMeans[r] / mean)));
    for (let c = 0; c < columns; c++) {
      direction[r * columns + c] = round(round(gradient[r * columns + c] * ofRow) * round(rsqrt(columnMeans[c])));
    }
  }
  return direction;
}

function rootMeanSquare({ round }: Numerics, values: Reals): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum = round(sum + round(values[i] * values[i]));
  return round(Math.sqrt(round(sum / values.length)));
}
