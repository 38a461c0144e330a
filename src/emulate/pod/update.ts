import type { Phase } from '../../kernels/index.ts';
import { adafactor } from './adafactor.ts';
import { isHealthy } from './health.ts';
import { onEachCore, type Pod } from './open-pod.ts';
import { narrowCopy, stepOfUpdate } from './optimizer-state.ts';

/** Every core updates what it stores, where all losses and gradients are numbers. */
export function update(pod: Pod): Phase[] {
  const { optimizer } = pod.plan.request;
  if (optimizer.name === 'adafactor' || optimizer.name === 'adafactor-unfactored') return adafactor(pod, optimizer.settings);
  const phase = onEachCore(pod, 'update', ({ held }) => {
    if (!isHealthy(pod.plan, pod.buffer)) return;
    const at = stepOfUpdate(pod);
    for (const one of held) {
      if (one === null) continue;
      const { state, stored: weights, gradientShard: gradient } = one;
      const tensors = { weights, gradient, copy: narrowCopy(one) };
      if (optimizer.name === 'adamw' && state.kind === 'moments') pod.table.adamw({ ...tensors, ...state }, optimizer.settings, at);
      if (optimizer.name === 'sgd' && state.kind === 'velocity') pod.table.sgd({ ...tensors, ...state }, optimizer.settings, at);
    }
  });
  return [phase];
}
