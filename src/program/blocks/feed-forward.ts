import { denseFeedForwardWeights, type Stack } from '../../model/index.ts';
import { type Block, compute } from '../block.ts';
import { type Sizes, tokensOf } from '../sizes.ts';

/**
 * Dense feed-forward layer with norm before and residual after: y = x + act(x W_in) W_out, gated (GEGLU) when the model has three matrices.
 *
 * T tokens per device   d dModel   F dFf   g matrices into the hidden layer: 1, or 2 when gated
 *   x [T, d]   u [T, g F] before the activation, kept; the activation is recomputed where it is read
 */
const PART = 'dense ffn';
const NORM_OPS = 5;
const NORM_GRADIENT_OPS = 10;
/** GELU by its tanh form, and its derivative. */
export const ACTIVATION_OPS = 10;
export const ACTIVATION_GRADIENT_OPS = 14;

export function feedForwardBlock(sizes: Sizes, stack: Stack, name: string): Block {
  const { model, activationBytes: a, weightBytes: w } = sizes;
  const T = tokensOf(sizes, stack);
  const d = model.dModel;
  const F = model.dFf;
  const g = model.ffnMatrices - 1;

  return {
    name,
    forward: [
      compute('fw', PART, 'norm, in', {
        matmuls: [{ m: T, k: d, n: g * F, batch: 1 }],
        vectorOps: NORM_OPS * T * d,
        hbmBytes: a * T * (d + g * F) + w * g * d * F,
      }),
      compute('fw', PART, 'activation, out', {
        matmuls: [{ m: T, k: F, n: d, batch: 1 }],
        vectorOps: ACTIVATION_OPS * T * F + T * d,
        hbmBytes: a * T * (g * F + 2 * d) + w * F * d,
      }),
    ],
    backward: [
      compute('agrad', PART, 'out, activation', {
        matmuls: [{ m: T, k: d, n: F, batch: 1 }],
        vectorOps: ACTIVATION_GRADIENT_OPS * T * F,
        hbmBytes: a * T * (d + 2 * g * F) + w * F * d,
      }),
      compute('wgrad', PART, 'out', {
        matmuls: [{ m: F, k: T, n: d, batch: 1 }],
        vectorOps: ACTIVATION_OPS * T * F,
        hbmBytes: a * (T * (g * F + d) + F * d),
      }),
      compute('agrad', PART, 'norm, in', {
        matmuls: [{ m: T, k: g * F, n: d, batch: 1 }],
        vectorOps: NORM_GRADIENT_OPS * T * d,
        hbmBytes: a * T * (g * F + 3 * d) + w * g * d * F,
      }),
      compute('wgrad', PART, 'in', {
        matmuls: [{ m: d, k: T, n: g * F, batch: 1 }],
        hbmBytes: a * (T * (d + g * F) + g * d * F),
      }),
    ],
    recomputable: true,
    input: { name: 'block inputs', bytes: a * T * d },
    encoderOutput: null,
    saved: [{ name: 'feed-forward hidden', bytes: a * T * g * F }],
    workingForward: [],
    workingBackward: [{ name: 'feed-forward hidden gradients', bytes: a * T * g * F }],
    weights: denseFeedForwardWeights(model),
  };
}
