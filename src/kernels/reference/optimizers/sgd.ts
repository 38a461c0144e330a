import { expectSetting, expectUpdate } from '../optimizer-checks.ts';
import type { OptimizerState, ReferenceOptimizer } from './optimizer.ts';

/**
 * Stochastic gradient descent, with or without momentum (Robbins and Monro 1951; Sutskever et al. 2013, "On the importance of initialization and
 * momentum in deep learning", equations 1 and 2, in the form in which the velocity does not hold the learning rate).
 *
 * Copy this one for a new optimizer.
 *
 *   weights, gradient [R, C]      velocity [R, C], only with momentum; lr learning rate, mu momentum
 *   velocity = mu velocity + gradient
 *   weights -= lr velocity              (without momentum: weights -= lr gradient)
 */
export interface SgdSettings {
  /** mu, in [0, 1); 0 keeps no state. */
  readonly momentum: number;
}

export function sgd(settings: Partial<SgdSettings> = {}): ReferenceOptimizer {
  const { momentum } = sgdSettings(settings);
  const keepsVelocity = momentum > 0;
  return {
    initialise: ({ zeros }, { rows, columns }): OptimizerState => (keepsVelocity ? { velocity: zeros(rows * columns) } : {}),
    update(numerics, shape, at, tensors) {
      expectUpdate('sgd', shape, at, tensors, keepsVelocity ? { velocity: shape.rows * shape.columns } : {});
      const { round } = numerics;
      const { weights, gradient, state } = tensors;
      const rate = round(at.learningRate);
      const mu = round(momentum);
      for (let i = 0; i < weights.length; i++) {
        let direction = gradient[i];
        if (keepsVelocity) {
          direction = round(round(mu * state.velocity[i]) + direction);
          state.velocity[i] = direction;
        }
        weights[i] = round(weights[i] - round(rate * direction));
      }
    },
  };
}

/** The settings with the usual ones in place of those that are left out; refuses values that make no sense. */
export function sgdSettings({ momentum = 0 }: Partial<SgdSettings>): SgdSettings {
  expectSetting('sgd', 'momentum', momentum, 0, 1);
  return { momentum };
}
