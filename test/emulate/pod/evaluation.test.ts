import { describe, expect, it } from 'vitest';
import { evaluationOf, lookAtHeldOut, type PodEvaluation } from '../../../src/emulate/index.ts';
import { placeOfSequence } from '../../../src/emulate/pod/corpus.ts';
import { runStepAlone } from '../../../src/kernels/index.ts';
import { type OpenPod, openPod, wholeOf } from './support.ts';

const ONE = '{ici: {data: 1}, expertsOver: none}';
const LAYOUTS = ['{ici: {data: 4, tensor: 2}, expertsOver: data}', '{ici: {expert: 4, pipeline: 2}, expertsOver: expert, microbatches: 2}'];
const SMALL = { texts: 3, heldOutShare: 0.25 } as const;

function evaluated(pod: OpenPod, batch: number): PodEvaluation {
  runStepAlone(pod.step(lookAtHeldOut(batch)));
  return evaluationOf(pod.plan, pod.memory.buffer, batch);
}

function learned(layout: string, small = {}): OpenPod {
  const pod = openPod(layout, { ...SMALL, ...small });
  pod.upTo(4);
  return pod;
}

const alone = learned(ONE, { cores: 1 });

describe('an evaluation', () => {
  it('has words of all texts in their turn, 16 sequences of 32', () => {
    expect(evaluated(alone, 0).words).toEqual([6 * 32, 5 * 32, 5 * 32]);
    expect(evaluated(alone, 1).words).toEqual([5 * 32, 6 * 32, 5 * 32]);
    expect(evaluated(alone, 2).words).toEqual([5 * 32, 5 * 32, 6 * 32]);
  });

  it('reads other words in every batch, and the same ones again', () => {
    // Three batches on, the texts come in the same order.
    const [first, second] = [0, 3].map((batch) => evaluated(alone, batch));
    expect(first.losses).not.toEqual(second.losses);
    expect(evaluated(alone, 0)).toEqual(first);
  });

  it('reads words that are held out, and steps read those that are not', () => {
    const { corpus, request } = alone.plan;
    for (let step = 0; step < 50; step++) {
      for (let sequence = 0; sequence < request.sequences; sequence++) {
        for (const training of [true, false]) {
          const { text, first } = placeOfSequence(alone.plan, { step, training }, sequence);
          const { learned: own, heldOut } = corpus.texts[text];
          const range = training ? own : heldOut;
          expect(first).toBeGreaterThanOrEqual(range.first);
          // The word behind the last one is predicted.
          expect(first + request.sequenceLength).toBeLessThan(range.first + range.bytes);
        }
      }
    }
  });

  it('changes no weight', () => {
    const before = wholeOf(alone, 'stored');
    evaluated(alone, 5);
    expect(wholeOf(alone, 'stored')).toEqual(before);
  });

  it.each(LAYOUTS)('finds under %s what one core finds', (layout) => {
    const pod = learned(layout);
    for (const batch of [0, 3]) {
      const [ours, theirs] = [pod, alone].map((one) => evaluated(one, batch));
      expect(ours.words).toEqual(theirs.words);
      expect(ours.kept).toEqual(theirs.kept);
      for (const [text, loss] of ours.losses.entries()) expect(Math.abs(loss / theirs.losses[text] - 1)).toBeLessThan(1e-5);
    }
  });
});
