import { describe, expect, it } from 'vitest';
import { lookAt, type PodPlan, predictionsOf, setSoftTargets } from '../../../src/emulate/index.ts';
import { runStepAlone } from '../../../src/kernels/index.ts';
import { deviation, type OpenPod, openPod, outcome, type SmallPod, wholeOf } from './support.ts';

const ONE = '{ici: {data: 1}, expertsOver: none}';
const LAYOUTS = ['{ici: {data: 4, tensor: 2}, expertsOver: data}', '{ici: {expert: 4, pipeline: 2}, expertsOver: expert, microbatches: 2}'];
const VOCAB = 64;

/** A pod that has learned five steps, and looks at a batch once more. */
function teacher(layout: string, batch: number, small: SmallPod = {}): Float32Array {
  const pod = openPod(layout, small);
  pod.upTo(5);
  runStepAlone(pod.step(lookAt(batch)));
  return predictionsOf(pod.plan, pod.memory.buffer);
}

function taught(layout: string, predictions: Float32Array, small: SmallPod = {}): OpenPod {
  const pod = openPod(layout, { ...small, softShare: 0.25 });
  pod.upTo(0);
  setSoftTargets(pod.plan, pod.memory.buffer, predictions);
  runStepAlone(pod.step(1));
  return pod;
}

/** 1 at the word that follows each word of the batch. */
function certainty(plan: PodPlan, buffer: ArrayBufferLike): Float32Array {
  const all = new Float32Array(16 * 32 * VOCAB);
  for (const { targets, tokens, firstToken, firstWord } of plan.microbatches.flat()) {
    for (const [token, word] of new Int32Array(buffer, targets, tokens).entries()) {
      if (word >= 0) all[(firstToken + token) * VOCAB + firstWord + word] = 1;
    }
  }
  return all;
}

describe('a teacher', () => {
  it('gives every word of a batch probabilities, the same under every layout', () => {
    const one = teacher(ONE, 7, { cores: 1 });
    for (let row = 0; row < one.length; row += VOCAB) {
      const values = one.subarray(row, row + VOCAB);
      expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 4);
      expect(Math.min(...values)).toBeGreaterThan(-1e-6);
    }
    for (const layout of LAYOUTS) {
      const other = teacher(layout, 7);
      expect(other.reduce((most, value, at) => Math.max(most, Math.abs(value - one[at])), 0)).toBeLessThan(1e-5);
    }
  });

  it('changes no weight, and its batch is the one that is learned', () => {
    const pod = openPod(ONE, { cores: 1 });
    pod.upTo(3);
    const before = wholeOf(pod, 'stored');
    runStepAlone(pod.step(lookAt(4)));
    expect(wholeOf(pod, 'stored')).toEqual(before);
    const { crossEntropy } = outcome(pod);
    pod.upTo(4);
    expect(outcome(pod).crossEntropy).toBe(crossEntropy);
  });

  it('that is certain of every word teaches what the words do', () => {
    const words = openPod(ONE, { cores: 1 });
    words.upTo(1);
    const pupil = taught(ONE, certainty(words.plan, words.memory.buffer), { cores: 1 });
    expect(deviation(wholeOf(pupil, 'gradientShard'), wholeOf(words, 'gradientShard'))).toBeLessThan(1e-5);
    expect(outcome(pupil).crossEntropy).toBe(outcome(words).crossEntropy);
  });

  it('teaches the same under every layout, and other things than the words', () => {
    const predictions = teacher(ONE, 1, { cores: 1 });
    const one = wholeOf(taught(ONE, predictions, { cores: 1 }), 'gradientShard');
    for (const layout of LAYOUTS) expect(deviation(wholeOf(taught(layout, predictions), 'gradientShard'), one), layout).toBeLessThan(1e-5);
    const words = openPod(ONE, { cores: 1 });
    words.upTo(1);
    expect(deviation(one, wholeOf(words, 'gradientShard'))).toBeGreaterThan(1e-3);
  });
});
