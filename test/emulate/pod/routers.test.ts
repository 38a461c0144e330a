import { describe, expect, it } from 'vitest';
import { planPod } from '../../../src/emulate/index.ts';
import { createNaiveTable, createPlainMemory } from '../../../src/kernels/index.ts';
import { ROUTERS } from '../../../src/routing/index.ts';
import { alone, differentDecisions, learn, STEPS, worstLoss } from './learned.ts';
import { gradientsOf, slopeAlong } from './slopes.ts';
import { deviation, gainBytes, movedBytes, openPod, podRequest, predictedBytes, type SmallPod, TEXTS, valuesOf } from './support.ts';

/** Capacity by the router: that of the algorithm where it fixes it, else one with drops. A share of `dense-to-sparse` that is within a rounding of its threshold is on either side. */
const ALL: Readonly<Record<string, SmallPod>> = {
  'switch-top1': {},
  'gshard-top2': { expertCapacity: 8 },
  'mtf-top2': { expertCapacity: 8 },
  topk: { expertCapacity: 8 },
  'batch-prioritised': { expertCapacity: 8 },
  'no-token-left-behind': { expertCapacity: 5 },
  'expert-choice': { expertCapacity: 5 },
  hash: { expertCapacity: 6 },
  random: { expertCapacity: 6 },
  thor: { expertCapacity: 10 },
  task: { expertCapacity: 16, texts: 3 },
  domain: { expertCapacity: 16, texts: 3 },
  'multi-gate': { expertCapacity: 8, texts: 3 },
  'noisy-topk': { expertCapacity: 8 },
  'loss-free': { expertCapacity: 8 },
  base: { expertCapacity: 4, routerOptions: { shuffle: false } },
  's-base': { expertCapacity: 5 },
  'dense-to-sparse': { expertCapacity: 8, routerOptions: { threshold: 0.05 } },
};

/** f32 [D, E] */
const GATE = 4 * 32 * 8;
const COUNTS = 4 * 8;

/** Layouts, and what a router sends in them that the program leaves out: gradients of two more gates or of W_noise, gathered for both passes where they are sharded; counts of choices. */
const LAYOUTS: readonly (readonly [string, Readonly<Record<string, Readonly<Record<string, number>>>>])[] = [
  [
    '{ici: {data: 2, tensor: 2, pipeline: 2}, expertsOver: data, microbatches: 2, tensorActivations: sharded}',
    {
      'multi-gate': { 'all-reduce data (gates of domains)': 2 * 2 * 2 * GATE },
      'noisy-topk': { 'all-reduce data (noise weights)': 2 * 2 * GATE },
      'loss-free': { 'all-reduce data (counts)': 2 * 2 * COUNTS },
    },
  ],
  [
    '{ici: {fsdp: 2, expert: 4}, expertsOver: expert}',
    {
      'multi-gate': {
        'all-gather fsdp+expert (gates of domains)': 2 * 7 * 2 * GATE,
        'reduce-scatter fsdp+expert (gates of domains)': 7 * 2 * GATE,
      },
      'noisy-topk': { 'all-gather fsdp+expert (noise weights)': 2 * 7 * GATE, 'reduce-scatter fsdp+expert (noise weights)': 7 * GATE },
      'loss-free': { 'all-reduce fsdp+expert (counts)': 2 * 7 * COUNTS },
    },
  ],
];

describe.each(Object.entries(ALL))('%s', (router, small) => {
  it.each(LAYOUTS)('%s: twenty steps are those of one core, and what is moved is what the program says', (layout, beside) => {
    const one = alone({ ...small, router });
    const pod = openPod(layout, { ...small, router });
    const ours = learn(pod);
    expect(worstLoss(ours, one)).toBeLessThan(1e-5);
    expect(deviation(ours.gradients, one.gradients)).toBeLessThan(1e-5);
    expect(differentDecisions(ours, one)).toBe(0);
    expect(one.losses[STEPS - 1].crossEntropy).toBeLessThan(one.losses[0].crossEntropy - 0.3);
    const moved = Object.entries(movedBytes(pod)).map(([key, bytes]) => [key, bytes / STEPS]);
    const predicted = { ...predictedBytes(pod), ...gainBytes(pod), ...beside[router] };
    expect(Object.fromEntries(moved)).toEqual(predicted);
  });
});

describe.each(Object.entries(ALL))('%s without slots', (router, small) => {
  it.each(LAYOUTS)('%s: what is moved is what the program says of the same choices', (layout, beside) => {
    const pod = openPod(layout, { ...small, router, dropless: true });
    pod.upTo(1);
    expect(movedBytes(pod)).toEqual({ ...predictedBytes(pod), ...gainBytes(pod), ...beside[router] });
  });
});

describe('routers of a pod', () => {
  it('are all of the registry but the one that reads recordings', () => {
    expect([...Object.keys(ALL), 'trace'].sort()).toEqual(Object.keys(ROUTERS).sort());
  });

  it.each([
    ['4 noise', { router: 'noisy-topk', routerOptions: { topK: 8 }, expertCapacity: 32 }],
    ['4 router', { router: 'noisy-topk', routerOptions: { topK: 8 }, expertCapacity: 32 }],
    ['4 gates', { router: 'multi-gate', routerOptions: { topK: 8 }, expertCapacity: 32, texts: 3 }],
    ['4 router', { router: 'multi-gate', routerOptions: { topK: 8 }, expertCapacity: 32, texts: 3 }],
    ['2 in', { router: 'multi-gate', routerOptions: { topK: 8 }, expertCapacity: 32, texts: 3 }],
    ['2 in', { router: 'noisy-topk', routerOptions: { topK: 8 }, expertCapacity: 32 }],
  ] as const)('have gradients that are the slopes of the losses: %s of %o', (parameter, small) => {
    const { slope, expected } = slopeAlong(small, parameter, gradientsOf(small).get(parameter) ?? new Float64Array());
    expect(expected).toBeGreaterThan(1e-4);
    expect(Math.abs(slope / expected - 1)).toBeLessThan(0.01);
  });

  it('refuse to read recordings, which a pod has none of', () => {
    const request = podRequest('{ici: {data: 8}, expertsOver: none}', {});
    const recorded = { ...request, routing: { ...request.routing, router: 'trace' } };
    const plan = () => planPod(recorded, TEXTS, 1, createNaiveTable(createPlainMemory(0)));
    expect(plan).toThrow('a Switch layer on memory has no recorded choices for trace');
  });

  it('leave their weights alone where they learn nothing', () => {
    const gradient = gradientsOf({ router: 'hash' }).get('4 router');
    expect(gradient?.every((one) => one === 0)).toBe(true);
  });

  it('have the same bias on every core, by the choices of the whole batch', () => {
    const small: SmallPod = { router: 'loss-free', expertCapacity: 8 };
    const biasesOf = (layout: string, cores: 1 | 8): number[][] => {
      const pod = openPod(layout, { ...small, cores });
      pod.upTo(5);
      return pod.plan.microbatches[0].flatMap(({ biases: [, bias] }) => (bias === null ? [] : [[...valuesOf(pod.memory, bias)]]));
    };
    const [one] = biasesOf('{ici: {data: 1}, expertsOver: none}', 1);
    expect(one.map((bias) => Math.round(Math.abs(bias) / 1e-3) <= 5)).toEqual(Array(8).fill(true));
    expect(one.some((bias) => bias > 0) && one.some((bias) => bias < 0)).toBe(true);
    expect(biasesOf('{ici: {data: 4, tensor: 2}, expertsOver: data, microbatches: 2}', 8)).toEqual(Array(8).fill(one));
  });
});
