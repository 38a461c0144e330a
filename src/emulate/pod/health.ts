import type { Phase } from '../../kernels/index.ts';
import { gradientGroupsOf } from '../../layout/index.ts';
import { elementCount, f32Elements, type TensorView } from '../../model/index.ts';
import type { Fellows } from './cores.ts';
import { partBounds, slice } from './exchange.ts';
import { onEachCore, type Pod } from './open-pod.ts';
import type { PodPlan } from './plan.ts';

/**
 * Whether a step may update: one word for each core, 1 where a loss or a gradient of it is no finite number, and behind them the number of updates so far. A pod of
 * real cores would all-reduce the words; here every core reads all of them, and they are no bytes of the step.
 */
function words({ health, request }: PodPlan, buffer: ArrayBufferLike): Int32Array {
  return new Int32Array(buffer, health, request.mesh.devices + 1);
}

/** How often weights were updated since they were first made. */
export function updatesDone(plan: PodPlan, buffer: ArrayBufferLike): number {
  return words(plan, buffer)[plan.request.mesh.devices];
}

/** What was restored had seen so many. */
export function setUpdatesDone(plan: PodPlan, buffer: ArrayBufferLike, updates: number): void {
  words(plan, buffer)[plan.request.mesh.devices] = updates;
}

/** Whether all losses and gradients of the last step were finite; if not, it has changed no weight. */
export function isHealthy(plan: PodPlan, buffer: ArrayBufferLike): boolean {
  return words(plan, buffer)
    .subarray(0, plan.request.mesh.devices)
    .every((bad) => bad === 0);
}

/** Before the update: every core looks at its losses, and at the gradients of what it stores; cores that store the same, and have the same sums, share these out. */
export function checkNumbers(pod: Pod): Phase {
  const { plan, buffer } = pod;
  const { parameters, request } = plan;
  const replicas = parameters.map(({ matrix }) => pod.fellows(gradientGroupsOf(matrix, request.layout).replicas));
  return onEachCore(pod, 'check of losses and gradients', ({ core, held }) => {
    const losses = plan.microbatches.flatMap((cores) => cores[core].output?.losses ?? []);
    const gradients = held.flatMap((one, index) => (one === null ? [] : partOf(one.gradientShard, replicas[index], core)));
    words(plan, buffer)[core] = [...losses, ...gradients].every((view) => allFinite(f32Elements(buffer, view))) ? 0 : 1;
  });
}

function partOf(view: TensorView, { size, indexOf }: Fellows, core: number): TensorView {
  const [from, to] = partBounds(elementCount(view.shape), size, indexOf[core]);
  return slice(view, from, to - from);
}

/** After it. */
export function countUpdate({ plan, buffer }: Pod): Phase {
  return {
    items: 1,
    run: () => {
      if (isHealthy(plan, buffer)) setUpdatesDone(plan, buffer, updatesDone(plan, buffer) + 1);
    },
    name: () => 'number of updates',
  };
}

/** One more in an exponent of ones carries into the sign: one pass without a branch, four numbers at a time. */
export function allFinite({ buffer, byteOffset, length }: Float32Array): boolean {
  const bits = new Int32Array(buffer, byteOffset, length);
  const fours = length - (length % 4);
  let carried = 0;
  let i = 0;
  for (; i < fours; i += 4) {
    carried |= ((bits[i] & 0x7f800000) + 0x800000) | ((bits[i + 1] & 0x7f800000) + 0x800000);
    carried |= ((bits[i + 2] & 0x7f800000) + 0x800000) | ((bits[i + 3] & 0x7f800000) + 0x800000);
  }
  for (; i < length; i++) carried |= (bits[i] & 0x7f800000) + 0x800000;
  return carried >= 0;
}
