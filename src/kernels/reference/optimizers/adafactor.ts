import { exp, log } from '../../../base/index.ts';
import type { Numerics } from '../../numerics.ts';
import {
  adafactorBlocks,
  adafactorScratch,
  bringMeansUpToDate,
  directionOfBlock,
  rateOfAll,
  sumsOfBlock,
  updateOfBlock,
} from '../adafactor-passes.ts';
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
 * (mesh_tensorflow/optimize.py, AdafactorOptimizer): the product of a row's and a column's mean can leave the range of f32. The order of all sums is
 * that of adafactor-passes.ts.
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
  const all = adafactorSettings(settings);
  return {
    initialise({ zeros }, { rows, columns }): OptimizerState {
      if (rows === 1) return { secondMoment: zeros(columns) };
      return { rowMeans: zeros(rows), columnMeans: zeros(columns) };
    },
    update: (numerics, shape, at, tensors) => update(numerics, shape, all, at, tensors),
  };
}

/** The settings with the usual ones in place of those that are left out; refuses values that make no sense. */
export function adafactorSettings(settings: Partial<AdafactorSettings>): AdafactorSettings {
  const all = { ...DEFAULTS, ...settings };
  expectSetting('adafactor', 'epsilon1', all.epsilon1, 0, Number.POSITIVE_INFINITY);
  expectSetting('adafactor', 'epsilon2', all.epsilon2, 0, Number.POSITIVE_INFINITY);
  expectSetting('adafactor', 'clippingThreshold', all.clippingThreshold, Number.MIN_VALUE, Number.POSITIVE_INFINITY);
  expectSetting('adafactor', 'decayExponent', all.decayExponent, 0, Number.POSITIVE_INFINITY);
  return all;
}

/** rho_t = min(0.01, 1 / sqrt(t)): the paper's relative step size, for `learningRate`. */
export function relativeStepSize(step: number): number {
  return Math.min(0.01, 1 / Math.sqrt(step));
}

/** 1 - b = t^-c; 1 for the first step, whatever c is, so nothing of the zeros that the state starts from stays. */
export function freshShare({ round }: Numerics, { decayExponent }: AdafactorSettings, step: number): number {
  return round(exp(-decayExponent * log(step)));
}

function update(numerics: Numerics, shape: WeightShape, settings: AdafactorSettings, at: OptimizerStep, tensors: OptimizerTensors): void {
  const { rows, columns } = shape;
  const isVector = rows === 1;
  expectUpdate('adafactor', shape, at, tensors, isVector ? { secondMoment: columns } : { rowMeans: rows, columnMeans: columns });
  const { gradient, state } = tensors;
  const scratch = adafactorScratch(shape, numerics.zeros);
  const blocks = adafactorBlocks(shape);
  const means = isVector
    ? { rowMeans: null, columnMeans: state.secondMoment }
    : { rowMeans: state.rowMeans, columnMeans: state.columnMeans };
  for (let block = 0; block < blocks; block++) sumsOfBlock(numerics, shape, block, settings.epsilon1, tensors, scratch);
  bringMeansUpToDate(numerics, shape, freshShare(numerics, settings, at.step), means, scratch);
  for (let block = 0; block < blocks; block++) directionOfBlock(numerics, shape, block, gradient, scratch);
  rateOfAll(numerics, shape, { ...settings, learningRate: at.learningRate }, scratch);
  for (let block = 0; block < blocks; block++) updateOfBlock(numerics, shape, block, tensors, scratch);
}
