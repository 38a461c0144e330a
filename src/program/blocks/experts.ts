import type { Matmul } from '../../hardware/index.ts';
import { compute, type Step } from '../block.ts';
import { ACTIVATION_GRADIENT_OPS, ACTIVATION_OPS } from './feed-forward.ts';
import type { SwitchNumbers } from './switch-numbers.ts';

/**
 * The experts of one device, as batches of equally many rows. Experts without rows take part in no product and their weights are not read; their
 * gradients are written all the same, as zeros.
 *   x [rows, d]   u [rows, g F] before the activation, kept   y [rows, d]
 */
export function expertsForward(n: SwitchNumbers): Step[] {
  const { a, w, d, F, g, rows, active, received, hidden } = n;
  return [
    compute('fw', 'experts', 'in', {
      matmuls: products(n, (R) => ({ m: R, k: d, n: g * F })),
      hbmBytes: a * (received + hidden) + w * active * g * d * F,
    }),
    compute('fw', 'experts', 'activation, out', {
      matmuls: products(n, (R) => ({ m: R, k: F, n: d })),
      vectorOps: ACTIVATION_OPS * rows * F,
      hbmBytes: a * (hidden + received) + w * active * F * d,
    }),
  ];
}

export function expertsBackward(n: SwitchNumbers): Step[] {
  const { a, w, d, L, F, g, rows, active, received, hidden } = n;
  return [
    compute('agrad', 'experts', 'out, activation', {
      matmuls: products(n, (R) => ({ m: R, k: d, n: F })),
      vectorOps: ACTIVATION_GRADIENT_OPS * rows * F,
      hbmBytes: a * (received + 2 * hidden) + w * active * F * d,
    }),
    compute('wgrad', 'experts', 'out', {
      matmuls: products(n, (R) => ({ m: F, k: R, n: d })),
      vectorOps: ACTIVATION_OPS * rows * F,
      hbmBytes: a * (hidden + received + L * F * d),
    }),
    compute('agrad', 'experts', 'in', {
      matmuls: products(n, (R) => ({ m: R, k: g * F, n: d })),
      hbmBytes: a * (hidden + received) + w * active * g * d * F,
    }),
    compute('wgrad', 'experts', 'in', {
      matmuls: products(n, (R) => ({ m: d, k: R, n: g * F })),
      hbmBytes: a * (received + hidden + L * g * d * F),
    }),
  ];
}

function products({ batches }: SwitchNumbers, shapeOf: (rows: number) => Omit<Matmul, 'batch'>): Matmul[] {
  return batches.filter(({ rows }) => rows > 0).map(({ rows, experts }) => ({ ...shapeOf(rows), batch: experts }));
}
