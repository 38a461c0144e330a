import { type KernelTable, type Phase, type Step, stepOf } from '../../kernels/index.ts';
import { along, axisSize } from '../../layout/index.ts';
import type { TensorView } from '../../model/index.ts';
import { attentionBackward, attentionForward } from './attention.ts';
import { beginStep, openPodBegin } from './begin.ts';
import { denseBackward, denseForward } from './dense.ts';
import { embeddingBackward, embeddingForward, outputBackward, outputForward } from './ends.ts';
import { permute } from './exchange.ts';
import { sumGains } from './gain-gradients.ts';
import { checkNumbers, countUpdate } from './health.ts';
import { during, openPod, type Pod } from './open-pod.ts';
import { stageOfLayer } from './parameters.ts';
import type { CorePlan, PodPlan } from './plan.ts';
import { updateBiases } from './router-bias.ts';
import { streamGradient } from './rows.ts';
import type { StepNumber } from './step-number.ts';
import { switchBackward, switchForward } from './switch.ts';
import { update } from './update.ts';
import { sumGradients, sumOverEnds } from './weights.ts';

/**
 * A pod that learns, over the memory of a kernel table: step 0 makes the first weights, step n > 0 reads batch n: forward, backward and update on every core; and the steps of `lookAt` and
 * `lookAtHeldOut` read a batch, forward alone. What an
 * item computes depends on the seed and on its own place alone, so any number of lanes gives the same bits.
 */
export function openPodStep(plan: PodPlan, table: KernelTable): (n: number) => Step {
  const number: StepNumber = { step: 0, training: true, learns: false };
  const pod = openPod(plan, table, number);
  const begin = openPodBegin(pod);
  const train = stepOf(trainingPhases(pod, number));
  const look = stepOf([...beginStep(pod, number), ...eachMicrobatch(pod).flatMap((microbatch) => forward(pod, number, microbatch))]);
  return (n) => {
    number.step = n < 0 ? Math.floor(-n / 2) : n;
    number.training = n >= 0 || n % 2 === 0;
    number.learns = n > 0;
    return n === 0 ? begin : n > 0 ? train : look;
  };
}

/** The step that reads a batch that is learned from, from 1 on, and changes no weight. */
export function lookAt(batch: number): number {
  return -2 * batch;
}

/** The step that reads a batch of held-out text, from 0 on, and changes no weight. */
export function lookAtHeldOut(batch: number): number {
  return -2 * batch - 1;
}

function trainingPhases(pod: Pod, number: StepNumber): Phase[] {
  return [
    ...beginStep(pod, number),
    ...eachMicrobatch(pod).flatMap((microbatch) => [...forward(pod, number, microbatch), ...backward(pod, number, microbatch)]),
    ...sumGains(pod),
    ...sumGradients(pod),
    ...sumOverEnds(pod),
    checkNumbers(pod),
    ...update(pod),
    ...updateBiases(pod),
    countUpdate(pod),
  ];
}

function eachMicrobatch({ plan }: Pod): number[] {
  return Array.from({ length: plan.request.layout.microbatches }, (_, microbatch) => microbatch);
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
