import type { Numerics } from '../../numerics.ts';
import { expectSetting, expectUpdate } from '../optimizer-checks.ts';
import type { OptimizerStep, ReferenceOptimizer } from './optimizer.ts';

/**
 * AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2). As in deepmind/optax (optax/_src/alias.py, adamw) the learning rate also
 * scales the decay, where the paper has a multiplier of the schedule alone.
 *
 *   weights, gradient, m, v [R, C]; t step, lr learning rate, b1, b2 betas, w weight decay
 *   m = b1 m + (1 - b1) g                  v = b2 v + (1 - b2) g^2
 *   mHat = m / (1 - b1^t)                  vHat = v / (1 - b2^t)
 *   weights -= lr (mHat / (sqrt(vHat) + epsilon) + w weights)
 */
export interface AdamWSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** Betas and epsilon of Adam (Kingma and Ba 2015, arXiv:1412.6980, algorithm 1); decay as in pytorch/pytorch, torch/optim/adamw.py. */
const DEFAULTS: AdamWSettings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };

export function adamw(settings: Partial<AdamWSettings> = {}): ReferenceOptimizer {
  const all = adamwSettings(settings);
  return {
    initialise: ({ zeros }, { rows, columns }) => ({ firstMoment: zeros(rows * columns), secondMoment: zeros(rows * columns) }),
    update(numerics, shape, at, tensors) {
      const elements = shape.rows * shape.columns;
      expectUpdate('adamw', shape, at, tensors, { firstMoment: elements, secondMoment: elements });
      const { round } = numerics;
      const { weights, gradient, state } = tensors;
      const { firstMoment, secondMoment } = state;
      const { beta1, rest1, correction1, beta2, rest2, correction2, rate, epsilon, decay } = adamwScalars(numerics, all, at);
      for (let i = 0; i < elements; i++) {
        const g = gradient[i];
        const m = round(round(beta1 * firstMoment[i]) + round(rest1 * g));
        const v = round(round(beta2 * secondMoment[i]) + round(rest2 * round(g * g)));
        firstMoment[i] = m;
        secondMoment[i] = v;
        const spread = round(round(Math.sqrt(round(v / correction2))) + epsilon);
        const direction = round(round(m / correction1) / spread);
        weights[i] = round(weights[i] - round(rate * round(direction + round(decay * weights[i]))));
      }
    },
  };
}

/** The settings with the usual ones in place of those that are left out; refuses values that make no sense. */
export function adamwSettings(settings: Partial<AdamWSettings>): AdamWSettings {
  const all = { ...DEFAULTS, ...settings };
  expectSetting('adamw', 'beta1', all.beta1, 0, 1);
  expectSetting('adamw', 'beta2', all.beta2, 0, 1);
  expectSetting('adamw', 'epsilon', all.epsilon, 0, Number.POSITIVE_INFINITY);
  expectSetting('adamw', 'weightDecay', all.weightDecay, 0, Number.POSITIVE_INFINITY);
  return all;
}

/** What an update has in common for all elements, computed in double, then rounded: rest = 1 - beta, correction = 1 - beta^t. */
export function adamwScalars(
  { round }: Numerics,
  { beta1, beta2, epsilon, weightDecay }: AdamWSettings,
  { step, learningRate }: OptimizerStep,
) {
  return {
    beta1: round(beta1),
    rest1: round(1 - beta1),
    correction1: round(1 - wholePower(beta1, step)),
    beta2: round(beta2),
    rest2: round(1 - beta2),
    correction2: round(1 - wholePower(beta2, step)),
    rate: round(learningRate),
    epsilon: round(epsilon),
    decay: round(weightDecay),
  };
}

/** base^exponent by squaring, in double; the exponent is a whole number of at least 0. */
function wholePower(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}
