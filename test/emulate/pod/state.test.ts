import { describe, expect, it } from 'vitest';
import { firstNotFinite, isHealthy, readState, updatesDone, writeState } from '../../../src/emulate/index.ts';
import { runStepAlone } from '../../../src/kernels/index.ts';
import { openPod, outcome, type SmallPod, valuesOf, wholeOf } from './support.ts';

const LAYOUTS: readonly (readonly [string, SmallPod])[] = [
  ['{ici: {data: 1}, expertsOver: none}', { cores: 1 }],
  ['{ici: {data: 4, tensor: 2}, expertsOver: data}', {}],
  ['{ici: {fsdp: 4, tensor: 2}, expertsOver: none}', { dtype: 'bf16' }],
  ['{ici: {expert: 4, pipeline: 2}, expertsOver: expert, microbatches: 2}', {}],
  ['{ici: {data: 2, tensor: 2, pipeline: 2}, expertsOver: data, microbatches: 2}', { router: 'loss-free' }],
];

describe('the state of a pod', () => {
  it.each(LAYOUTS)('%s: a pod that gets it goes on with the same bits', (layout, small) => {
    const whole = openPod(layout, small);
    whole.upTo(6);
    const first = openPod(layout, small);
    first.upTo(3);
    const state = readState(first.plan, first.memory.buffer);
    expect(state.updates).toBe(3);
    const second = openPod(layout, small);
    second.upTo(0);
    writeState(second.plan, second.memory.buffer, state);
    for (const n of [4, 5, 6]) runStepAlone(second.step(n));
    expect(outcome(second)).toEqual(outcome(whole));
    expect(wholeOf(second, 'stored')).toEqual(wholeOf(whole, 'stored'));
    expect(readState(second.plan, second.memory.buffer)).toEqual(readState(whole.plan, whole.memory.buffer));
  });

  it('has every number once, however many cores store it', () => {
    const bytesOf = (layout: string, small: SmallPod): number => {
      const pod = openPod(layout, small);
      pod.upTo(0);
      return readState(pod.plan, pod.memory.buffer).bytes.length;
    };
    const one = bytesOf('{ici: {data: 1}, expertsOver: none}', { cores: 1 });
    expect(bytesOf('{ici: {data: 8}, expertsOver: none}', {})).toBe(one);
    expect(bytesOf('{ici: {fsdp: 2, tensor: 4}, expertsOver: none}', {})).toBe(one);
  });
});

describe('a step with a value that is no number', () => {
  const LAYOUT = '{ici: {data: 4, tensor: 2}, expertsOver: data}';

  it('changes no weight on any core, and says where it began', () => {
    const pod = openPod(LAYOUT);
    pod.upTo(2);
    const before = readState(pod.plan, pod.memory.buffer);
    expect(firstNotFinite(pod.plan, pod.memory.buffer)).toBeNull();
    // Only one core of eight gets a bad number, in a place that no word of the batch needs: its gain alone.
    const gain = pod.plan.parameters.findIndex(({ unit, name }) => unit === 3 && name === 'gain');
    const view = pod.plan.microbatches[0][5].held[gain]?.stored;
    if (view === undefined) throw new Error('core 5 has no gain');
    const good = valuesOf(pod.memory, view)[3];
    valuesOf(pod.memory, view)[3] = Number.NaN;
    runStepAlone(pod.step(3));
    expect(isHealthy(pod.plan, pod.memory.buffer)).toBe(false);
    expect(firstNotFinite(pod.plan, pod.memory.buffer)).toEqual({ core: 5, layer: 1, tensor: 'weights: gain' });
    expect(updatesDone(pod.plan, pod.memory.buffer)).toBe(2);
    valuesOf(pod.memory, view)[3] = good;
    expect(readState(pod.plan, pod.memory.buffer)).toEqual(before);
    runStepAlone(pod.step(4));
    expect(isHealthy(pod.plan, pod.memory.buffer)).toBe(true);
    expect(updatesDone(pod.plan, pod.memory.buffer)).toBe(3);
  });

  it('is found where an activation was the first to overflow', () => {
    const pod = openPod(LAYOUT, { activation: 'relu' });
    pod.upTo(1);
    const out = pod.plan.parameters.findIndex(({ unit, name }) => unit === 2 && name === 'in');
    for (const { held } of pod.plan.microbatches[0]) {
      const one = held[out];
      if (one !== null) valuesOf(pod.memory, one.stored).fill(3e38);
    }
    runStepAlone(pod.step(2));
    expect(isHealthy(pod.plan, pod.memory.buffer)).toBe(false);
    expect(firstNotFinite(pod.plan, pod.memory.buffer)).toMatchObject({ layer: 0, tensor: 'hidden units' });
  });
});
