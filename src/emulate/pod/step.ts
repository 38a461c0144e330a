import { type KernelTable, type Phase, type Step, stepOf } from '../../kernels/index.ts';
import { along, axisSize } from '../../layout/index.ts';
import type { TensorView } from '../../model/index.ts';
import { attentionBackward, attentionForward } from './attention.ts';
import { beginStep, openPodBegin } from './begin.ts';
import { denseBackward, denseForward } from './dense.ts';
import { embeddingBackward, embeddingForward, outputBackward, outputForward } from './ends.ts';
import { permute } from './exchange.ts';
import { sumGains } from './gain-gradients.ts';
import { during, onEachCore, openPod, type Pod } from './open-pod.ts';
import { stageOfLayer } from './parameters.ts';
import type { CorePlan, PodPlan } from './plan.ts';
import { streamGradient } from './rows.ts';
import { switchBackward, switchForward } from './switch.ts';
import type { StepNumber } from './switch-routing.ts';
import { sumGradients, sumOverEnds } from './weights.ts';

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
  const { layout } = pod.plan.request;
  const microbatches = Array.from({ length: layout.microbatches }, (_, microbatch) => microbatch);
  return [
    ...beginStep(pod, number),
    ...microbatches.flatMap((microbatch) => [...forward(pod, number, microbatch), ...backward(pod, number, microbatch)]),
    ...sumGains(pod),
    ...sumGradients(pod),
    ...sumOverEnds(pod),
    update(pod, number),
  ];
}

/** Stages of a pipeline work one after the other: what they compute does not depend on the schedule. */
function forward(pod: Pod, number: StepNumber, microbatch: number): Phase[] {
  const { stageOf, last, at } = stagesOf(pod, microbatch);
  return [
    ...embeddingForward(at(0)),
    ...pod.plan.layers.flatMap((kind, layer) => {
      const here = at(stageOf(layer));
      return [
        ...(layer > 0 ? sent(here, stageOf(layer - 1), ({ stream }) => stream[2 * layer]) : []),
        ...attentionForward(here, layer),
        ...(kind === 'switch' ? switchForward(here, layer, number) : denseForward(here, layer)),
      ];
    }),
    ...outputForward(at(last)),
  ];
}

function backward(pod: Pod, number: StepNumber, microbatch: number): Phase[] {
  const { stageOf, last, at } = stagesOf(pod, microbatch);
  const passes = pod.plan.layers.map((kind, layer) => {
    const here = at(stageOf(layer));
    return [
      ...(kind === 'switch' ? switchBackward(here, layer, number) : denseBackward(here, layer)),
      ...attentionBackward(here, layer),
      ...(layer > 0 ? sent(at(stageOf(layer - 1)), stageOf(layer), (core) => streamGradient(core, 2 * layer)) : []),
    ];
  });
  return [...outputBackward(at(last)), ...passes.reverse().flat(), ...embeddingBackward(at(0))];
}

function stagesOf(pod: Pod, microbatch: number) {
  const { model, layout } = pod.plan.request;
  return {
    last: axisSize(layout, 'pipeline') - 1,
    stageOf: (layer: number): number => stageOfLayer(layer, model, layout),
    at: (stage: number): Pod => during(pod, microbatch, stage),
  };
}

/** What the stage that works gets from another one; nothing from itself. */
function sent(pod: Pod, from: number, viewOf: (core: CorePlan) => TensorView): Phase[] {
  return pod.active[0].stage === from ? [] : permute(pod, pod.fellows(along('pipeline')), from, viewOf);
}

/** Every core updates what it stores. */
function update(pod: Pod, number: StepNumber): Phase {
  const { learningRate, settings } = pod.plan.request.optimizer;
  return onEachCore(pod, 'update', ({ held }) => {
    for (const one of held) {
      if (one === null) continue;
      const { stored, gradientShard, firstMoment, secondMoment, sent: sharedCopy } = one;
      const copy = sharedCopy.dtype === 'bf16' ? sharedCopy : null;
      const tensors = { weights: stored, gradient: gradientShard, firstMoment, secondMoment, copy };
      pod.table.adamw(tensors, settings, { step: number.step, learningRate });
    }
  });
}
