import { type KernelTable, type Phase, type Step, stepOf } from '../../kernels/index.ts';
import { attentionBackward, attentionForward } from './attention.ts';
import { beginStep, openPodBegin } from './begin.ts';
import { denseBackward, denseForward } from './dense.ts';
import { embeddingBackward, embeddingForward, outputBackward, outputForward } from './ends.ts';
import { onEachCore, openPod, type Pod } from './open-pod.ts';
import type { PodPlan } from './plan.ts';
import { switchBackward, switchForward } from './switch.ts';
import type { StepNumber } from './switch-routing.ts';
import { sumGradients } from './weights.ts';

/**
 * A pod that learns, over the memory of a kernel table: step 0 makes the first weights, and step n is training step n, forward, backward and update on every core. What an
 * item computes depends on the seed and on its own place alone, so any number of lanes gives the same bits.
 */
export function openPodStep(plan: PodPlan, table: KernelTable): (n: number) => Step {
  const pod = openPod(plan, table);
  const number: StepNumber = { step: 0 };
  const begin = openPodBegin(pod);
  const train = stepOf(trainingPhases(pod, number));
  return (n) => {
    number.step = n;
    return n === 0 ? begin : train;
  };
}

function trainingPhases(pod: Pod, number: StepNumber): Phase[] {
  const { layers } = pod.plan;
  return [
    ...beginStep(pod, number),
    ...embeddingForward(pod),
    ...layers.flatMap((kind, layer) => [
      ...attentionForward(pod, layer),
      ...(kind === 'switch' ? switchForward(pod, layer, number) : denseForward(pod, layer)),
    ]),
    ...outputForward(pod),
    ...outputBackward(pod),
    ...layers
      .flatMap((kind, layer) => [
        [...(kind === 'switch' ? switchBackward(pod, layer, number) : denseBackward(pod, layer)), ...attentionBackward(pod, layer)],
      ])
      .reverse()
      .flat(),
    ...embeddingBackward(pod),
    ...sumGradients(pod),
    update(pod, number),
  ];
}

/** Every core updates what it stores. */
function update(pod: Pod, number: StepNumber): Phase {
  const { learningRate, settings } = pod.plan.request.optimizer;
  return onEachCore(pod, 'update', ({ held }) => {
    for (const { stored, gradientShard, firstMoment, secondMoment, sent } of held) {
      const copy = sent.dtype === 'bf16' ? sent : null;
      const tensors = { weights: stored, gradient: gradientShard, firstMoment, secondMoment, copy };
      pod.table.adamw(tensors, settings, { step: number.step, learningRate });
    }
  });
}
