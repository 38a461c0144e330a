import { describe, expect, it } from 'vitest';
import { alone, differentDecisions, learn, STEPS, worstLoss } from './learned.ts';
import { gradientsOf, slopeAlong } from './slopes.ts';
import { decisionsOf, deviation, gainBytes, movedBytes, openPod, outcome, predictedBytes, type SmallPod, wholeOf } from './support.ts';

const ALONE = '{ici: {data: 1}, expertsOver: none}';
const RANDOM = { router: 'gshard-top2', expertCapacity: 8, dropout: 0.1, expertDropout: 0.4, jitter: 0.01 } as const;

describe('masks and jitter of a pod', () => {
  it.each([
    ['{ici: {data: 2, tensor: 4}, expertsOver: data, microbatches: 2}', 8],
    ['{ici: {expert: 2, tensor: 2, pipeline: 2}, expertsOver: expert, microbatches: 2, tensorActivations: sharded}', 8],
    ['{ici: {fsdp: 2, tensor: 2}, expertsOver: none}', 4],
  ] as const)('%s: are those of one core, and no byte of the step', (layout, cores) => {
    const one = alone(RANDOM);
    const pod = openPod(layout, { ...RANDOM, cores });
    const ours = learn(pod);
    expect(worstLoss(ours, one)).toBeLessThan(1e-5);
    expect(deviation(ours.gradients, one.gradients)).toBeLessThan(1e-5);
    expect(differentDecisions(ours, one)).toBe(0);
    expect(one.losses[STEPS - 1].crossEntropy).toBeLessThan(one.losses[0].crossEntropy - 0.2);
    const moved = Object.entries(movedBytes(pod)).map(([key, bytes]) => [key, bytes / STEPS]);
    expect(Object.fromEntries(moved)).toEqual({ ...predictedBytes(pod), ...gainBytes(pod) });
  });

  const ALL_EXPERTS: SmallPod = { router: 'topk', routerOptions: { topK: 8 }, expertCapacity: 32, zCoefficient: 0.5 };
  const WITH_ALL: SmallPod = { ...ALL_EXPERTS, dropout: 0.2, expertDropout: 0.3, jitter: 0.2 };
  const gradients = gradientsOf(WITH_ALL);

  it.each(['0 table', '1 value', '2 in', '4 router', '4 in', '4 out'])('are in the gradients too: %s', (parameter) => {
    const { slope, expected } = slopeAlong(WITH_ALL, parameter, gradients.get(parameter) ?? new Float64Array());
    expect(expected).toBeGreaterThan(1e-4);
    expect(Math.abs(slope / expected - 1)).toBeLessThan(0.01);
  });

  it.each([
    ['dropout', 0.3, '4 out', 0.05],
    ['expertDropout', 0.5, '4 out', 0.05],
    ['jitter', 0.9, '4 router', 0.03],
  ] as const)('%s of %d moves what it should', (name, rate, parameter, least) => {
    const [without, withIt] = [ALL_EXPERTS, { ...ALL_EXPERTS, [name]: rate }].map((small) => gradientsOf(small));
    const only = (of: ReadonlyMap<string, Float64Array>) => new Map([[parameter, of.get(parameter) ?? new Float64Array()]]);
    expect(deviation(only(withIt), only(without))).toBeGreaterThan(least);
  });

  it('drop the share of hidden units that is asked for, and scale up the others', () => {
    const hiddenOf = (small: SmallPod): number[] => {
      const pod = openPod(ALONE, { ...small, cores: 1 });
      pod.upTo(1);
      const sublayer = pod.plan.microbatches[0][0].sublayers[3];
      if (sublayer?.kind !== 'switch') throw new Error('layer 1 has no experts');
      const { offset, shape } = sublayer.hidden;
      return [...new Float32Array(pod.memory.buffer, offset, shape[0] * shape[1] * shape[2])];
    };
    const [whole, masked] = [ALL_EXPERTS, { ...ALL_EXPERTS, expertDropout: 0.4 }].map(hiddenOf);
    const kept = whole.flatMap((value, i) => (value !== 0 && masked[i] !== 0 ? [masked[i] / value] : []));
    expect(kept.length / whole.filter((value) => value !== 0).length).toBeCloseTo(0.6, 2);
    expect(Math.max(...kept.map((factor) => Math.abs(factor * 0.6 - 1)).slice(0, 4096))).toBeLessThan(1e-6);
  });

  it('are not there when a step only looks at words', () => {
    const [plain, random] = [{ ...RANDOM, dropout: 0, expertDropout: 0, jitter: 0 }, RANDOM].map((small) => {
      const pod = openPod(ALONE, { ...small, cores: 1 });
      pod.upTo(0);
      return pod;
    });
    const looks = [plain, random].map((pod) => {
      const step = pod.step(-2);
      for (const [phase, items] of step.phaseItems.entries()) for (let item = 0; item < items; item++) step.run(phase, item, 0);
      return { decisions: decisionsOf(pod), loss: outcome(pod).crossEntropy };
    });
    expect(looks[1]).toEqual(looks[0]);
  });
});

describe('the scale of the first weights', () => {
  it('is that of their variances', () => {
    const first = (initialisationScale: number): Map<string, Float64Array> => {
      const pod = openPod(ALONE, { cores: 1, initialisationScale });
      pod.upTo(0);
      return wholeOf(pod, 'stored');
    };
    const [one, tenth] = [first(1), first(0.1)];
    for (const [name, values] of one) {
      const factor = name.endsWith('gain') ? 1 : Math.sqrt(0.1);
      const scaled = new Map([[name, values.map((value) => value * factor)]]);
      expect(deviation(new Map([[name, tenth.get(name) ?? new Float64Array()]]), scaled)).toBeLessThan(1e-6);
    }
  });
});
