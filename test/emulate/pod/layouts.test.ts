import { describe, expect, it } from 'vitest';
import { alone, differentDecisions, learn, STEPS, worstLoss } from './learned.ts';
import { decisionsOf, deviation, gainBytes, movedBytes, openPod, predictedBytes, wholeOf } from './support.ts';

/** Layouts, by the cores that they need. */
const LAYOUTS = [
  [2, '{ici: {data: 2}, expertsOver: none}'],
  [8, '{ici: {data: 8}, expertsOver: none}'],
  [4, '{ici: {tensor: 4}, expertsOver: none}'],
  [8, '{ici: {data: 4, tensor: 2}, expertsOver: none}'],
  [8, '{ici: {data: 8}, expertsOver: data}'],
  [8, '{ici: {data: 4, tensor: 2}, expertsOver: data}'],
  [8, '{ici: {data: 2, tensor: 4}, expertsOver: data}'],
  [8, '{ici: {data: 2, expert: 4}, expertsOver: expert}'],
  [8, '{ici: {expert: 4, tensor: 2}, expertsOver: expert}'],
  [8, '{ici: {fsdp: 8}, expertsOver: none}'],
  [8, '{ici: {fsdp: 4, tensor: 2}, expertsOver: none}'],
  [8, '{ici: {data: 2, fsdp: 2, expert: 2}, expertsOver: expert}'],
  [8, '{ici: {data: 8}, expertsOver: none, zero: 3}'],
  [16, '{ici: {data: 4, fsdp: 4}, expertsOver: data}'],
  [64, '{ici: {data: 2, fsdp: 2, expert: 4, tensor: 4}, expertsOver: expert}'],
  [2, '{ici: {data: 2}, expertsOver: none, microbatches: 4}'],
  [8, '{ici: {data: 2, fsdp: 2, tensor: 2}, expertsOver: data, microbatches: 2}'],
  [2, '{ici: {pipeline: 2}, expertsOver: none, microbatches: 4}'],
  [8, '{ici: {data: 4, pipeline: 2}, expertsOver: data, microbatches: 2}'],
  [8, '{ici: {fsdp: 2, tensor: 2, pipeline: 2}, expertsOver: none, microbatches: 2}'],
  [8, '{ici: {expert: 4, pipeline: 2}, expertsOver: expert, microbatches: 2, pipeline: {schedule: gpipe}}'],
  [4, '{ici: {tensor: 4}, expertsOver: none, tensorActivations: sharded}'],
  [8, '{ici: {data: 4, tensor: 2}, expertsOver: data, tensorActivations: sharded}'],
  [8, '{ici: {expert: 4, tensor: 2}, expertsOver: expert, microbatches: 2, tensorActivations: sharded}'],
  [8, '{ici: {fsdp: 2, tensor: 2, pipeline: 2}, expertsOver: none, microbatches: 2, tensorActivations: sharded}'],
] as const;

/** A hidden number of a network with ReLU that lies within a rounding of 0 makes another gradient on either side, which no layout can help; smooth networks have no such place. */
describe.each([
  ['top-1 with drops', { router: 'switch-top1', expertCapacity: 5 }],
  ['top-1 without drops', { router: 'switch-top1', expertCapacity: 32 }],
  ['top-2 with drops', { router: 'gshard-top2', expertCapacity: 8 }],
  ['top-2 without drops', { router: 'gshard-top2', expertCapacity: 32 }],
  ['ReLU', { activation: 'relu' }],
  ['an output matrix of its own', { tied: false, positions: 'none' }],
] as const)('%s, in f32', (_, small) => {
  it.each(LAYOUTS)('%i cores, %s: twenty steps are those of one core', (cores, layout) => {
    const one = alone(small);
    const ours = learn(openPod(layout, { ...small, cores }));
    expect(worstLoss(ours, one)).toBeLessThan(1e-5);
    expect(deviation(ours.gradients, one.gradients)).toBeLessThan(1e-5);
    expect(differentDecisions(ours, one)).toBe(0);
    expect(one.losses[STEPS - 1].crossEntropy).toBeLessThan(one.losses[0].crossEntropy - 0.3);
  });
});

describe('stages with several runs of layers', () => {
  it.each([
    [2, '{ici: {pipeline: 2}, expertsOver: none, microbatches: 2, pipeline: {schedule: interleaved, repeats: 2}}'],
    [8, '{ici: {data: 2, fsdp: 2, pipeline: 2}, expertsOver: data, microbatches: 4, pipeline: {schedule: interleaved, repeats: 2}}'],
    [8, '{ici: {tensor: 2, pipeline: 4}, expertsOver: none, microbatches: 4}'],
    [8, '{ici: {tensor: 2, pipeline: 4}, expertsOver: none, microbatches: 4, tensorActivations: sharded}'],
  ] as const)('%i cores, %s: four layers are those of one core, and what is moved is what the program says', (cores, layout) => {
    const small = { layers: 4 } as const;
    const one = alone(small);
    const pod = openPod(layout, { ...small, cores });
    const ours = learn(pod);
    expect(worstLoss(ours, one)).toBeLessThan(1e-5);
    expect(deviation(ours.gradients, one.gradients)).toBeLessThan(1e-5);
    expect(differentDecisions(ours, one)).toBe(0);
    const moved = Object.entries(movedBytes(pod)).map(([key, bytes]) => [key, bytes / STEPS]);
    expect(Object.fromEntries(moved)).toEqual({ ...predictedBytes(pod), ...gainBytes(pod) });
  });
});

describe('in bf16', () => {
  /** Where no activation is summed over cores, only f32 gradients are added in another order. */
  const sumsActivations = (layout: string): boolean => layout.includes('tensor');

  it.each(LAYOUTS)('%i cores, %s: the losses of twenty steps are those of one core to a rounding of a bf16 number', (cores, layout) => {
    const small = { dtype: 'bf16', expertCapacity: 8 } as const;
    const one = alone(small);
    const ours = learn(openPod(layout, { ...small, cores }));
    const worst = Math.max(...ours.losses.map(({ crossEntropy }, step) => Math.abs(crossEntropy / one.losses[step].crossEntropy - 1)));
    expect(worst).toBeLessThan(2 ** -8);
    if (!sumsActivations(layout)) expect(deviation(ours.gradients, one.gradients)).toBeLessThan(1e-5);
    if (!sumsActivations(layout)) expect(ours.decisions[0]).toEqual(one.decisions[0]);
  });
});

/** Sums of activations in another order may be as far from one core as its own rounding is from f32, and no further. With `hash` no rounding flips a choice; with top-1 some near ties do. */
describe.each([
  ['hash', true],
  ['switch-top1', false],
] as const)('gradients in bf16 with %s', (router, keepsChoices) => {
  const small = { router, expertCapacity: 8 } as const;
  const layouts = LAYOUTS.filter(([, layout]) => layout.includes('tensor'));

  it('meet layouts that sum activations over cores', () => {
    expect(layouts.length).toBeGreaterThan(5);
  });

  it.each(layouts)('%i cores, %s: are as near to those of one core as bf16 is to f32', (cores, layout) => {
    const one = alone({ ...small, dtype: 'bf16' });
    const rounding = deviation(one.gradients, alone({ ...small, dtype: 'f32' }).gradients);
    const pod = openPod(layout, { ...small, dtype: 'bf16', cores });
    pod.upTo(1);
    expect(deviation(wholeOf(pod, 'gradientShard'), one.gradients)).toBeLessThan(rounding);
    if (keepsChoices) {
      expect(rounding).toBeLessThan(2 ** -5);
      expect(decisionsOf(pod)).toEqual(one.decisions[0]);
    }
  });
});

describe.each(['f32', 'bf16'] as const)('what is moved in %s', (dtype) => {
  it.each(LAYOUTS)('%i cores, %s: by collective and axis what the program says', (cores, layout) => {
    const pod = openPod(layout, { cores, dtype });
    pod.upTo(1);
    expect(movedBytes(pod)).toEqual({ ...predictedBytes(pod), ...gainBytes(pod) });
  });
});
