import type { Phase } from '../../kernels/index.ts';
import { type Fellows, GAINS_OVER_TENSOR, streamParts } from './cores.ts';
import { allReduce } from './exchange.ts';
import type { Pod } from './open-pod.ts';
import { heldAt } from './weights.ts';

/** Where the tensor axis cuts the stream, the gain of a norm met other tokens on every member: they add up its gradients, once for all microbatches. */
export function sumGains(pod: Pod): Phase[] {
  const { parameters, request } = pod.plan;
  if (streamParts(request.layout) === 1) return [];
  const fellows: Fellows = { ...pod.tensor, name: GAINS_OVER_TENSOR };
  return parameters.flatMap(({ name }, index) => {
    if (name !== 'gain') return [];
    const holders = { ...pod, active: pod.active.filter(({ held }) => held[index] !== null) };
    return allReduce(holders, fellows, (core) => heldAt(core, index).gradientShard);
  });
}
