import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PIPELINES, type PipelinePass, type PipelineShape } from '../../src/layout/index.ts';
import { bubbleShare } from './bubble.ts';

type Name = keyof typeof PIPELINES;

const shapes = (name: Name): fc.Arbitrary<PipelineShape> =>
  fc
    .record({ stages: fc.integer({ min: 1, max: 6 }), rounds: fc.integer({ min: 1, max: 4 }), repeats: fc.integer({ min: 1, max: 4 }) })
    .map(({ stages, rounds, repeats }) => ({ stages, microbatches: rounds * stages, repeats: name === '1f1b' ? 1 : repeats }));

/** Any number of microbatches, where the schedule takes any. */
const unevenShapes = (name: Name): fc.Arbitrary<PipelineShape> =>
  PIPELINES[name].wholeRounds
    ? shapes(name)
    : fc.record({ stages: fc.integer({ min: 1, max: 6 }), microbatches: fc.integer({ min: 1, max: 13 }), repeats: fc.constant(1) });

const keyOf = ({ microbatch, run, pass }: PipelinePass): string => `${pass} ${microbatch} ${run}`;

/** What a pass waits for beside its own stage: the run before it, or the one behind it. */
function neededBy({ microbatch, run, pass }: PipelinePass, runs: number): string | null {
  if (pass === 'forward') return run === 0 ? null : keyOf({ microbatch, run: run - 1, pass });
  return run === runs - 1 ? keyOf({ microbatch, run, pass: 'forward' }) : keyOf({ microbatch, run: run + 1, pass });
}

/** Ends of all passes by the plain rule, a forward pass lasting 1 and a backward pass `backward`; null when the stages wait for one another in a ring. */
function run(name: Name, shape: PipelineShape, backward: number): { readonly ends: Map<string, number>; readonly step: number } | null {
  const order = PIPELINES[name].order(shape);
  const ends = new Map<string, number>();
  const next = order.map(() => 0);
  const free = order.map(() => 0);
  for (let moved = true; moved; ) {
    moved = false;
    for (const [stage, passes] of order.entries()) {
      const pass = passes[next[stage]];
      if (pass === undefined) continue;
      const needed = neededBy(pass, shape.stages * shape.repeats);
      const ready = needed === null ? 0 : ends.get(needed);
      if (ready === undefined) continue;
      free[stage] = Math.max(free[stage], ready) + (pass.pass === 'forward' ? 1 : backward);
      ends.set(keyOf(pass), free[stage]);
      next[stage]++;
      moved = true;
    }
  }
  const isDone = order.every((passes, stage) => next[stage] === passes.length);
  return isDone ? { ends, step: Math.max(...free) } : null;
}

describe.each(Object.keys(PIPELINES) as Name[])('schedule %s', (name) => {
  it('has every pass of every microbatch once, on the stage of its run', () => {
    fc.assert(
      fc.property(unevenShapes(name), (shape) => {
        const order = PIPELINES[name].order(shape);
        expect(order).toHaveLength(shape.stages);
        for (const [stage, passes] of order.entries()) for (const pass of passes) expect(pass.run % shape.stages).toBe(stage);
        const keys = order.flat().map(keyOf);
        expect(new Set(keys).size).toBe(keys.length);
        expect(keys).toHaveLength(2 * shape.microbatches * shape.stages * shape.repeats);
      }),
      { seed: 31 },
    );
  });

  it('never waits for itself, and idles as long as the formula says', () => {
    fc.assert(
      fc.property(shapes(name), fc.constantFrom(1, 2, 3), (shape, backward) => {
        const done = run(name, shape, backward);
        expect(done).not.toBeNull();
        const work = shape.microbatches * shape.repeats * (1 + backward);
        expect(done?.step).toBeCloseTo(work * (1 + bubbleShare(shape)), 9);
      }),
      { seed: 32 },
    );
  });

  it('ends whatever the number of microbatches', () => {
    fc.assert(
      fc.property(unevenShapes(name), (shape) => {
        expect(run(name, shape, 2)).not.toBeNull();
      }),
      { seed: 33 },
    );
  });
});

describe('microbatches whose activations a stage holds', () => {
  /** Most forward passes without their backward pass at once. */
  const held = (passes: readonly PipelinePass[]): number => {
    let now = 0;
    let most = 0;
    for (const { pass } of passes) {
      now += pass === 'forward' ? 1 : -1;
      most = Math.max(most, now);
    }
    return most;
  };

  it('are all of them under gpipe, and at most p - s under 1f1b', () => {
    const shape = { stages: 4, microbatches: 12, repeats: 1 };
    expect(PIPELINES.gpipe.order(shape).map(held)).toEqual([12, 12, 12, 12]);
    expect(PIPELINES['1f1b'].order(shape).map(held)).toEqual([4, 3, 2, 1]);
  });

  // Narayanan et al. 2021, arXiv 2104.04473, section 2.2.2; num_warmup_microbatches in NVIDIA/Megatron-LM megatron/core/pipeline_parallel/schedules.py.
  it('are those of the warm-up and one more under the interleaved schedule: 2 (p - r - 1) + (v - 1) p of p stages with v runs, on rank r', () => {
    fc.assert(
      fc.property(shapes('interleaved'), (shape) => {
        const { stages: p, microbatches, repeats: v } = shape;
        const all = microbatches * v;
        for (const [r, passes] of PIPELINES.interleaved.order(shape).entries()) {
          const warmUp = Math.min(2 * (p - r - 1) + (v - 1) * p, all);
          const first = passes.findIndex(({ pass }) => pass === 'backward');
          // The forward pass of the first pair stands before the first backward pass.
          expect(first).toBe(Math.min(warmUp + 1, all));
          expect(held(passes)).toBe(first);
          const byTurns = Array.from({ length: all - first }, () => ['backward', 'forward']).flat();
          expect(passes.slice(first, first + byTurns.length).map(({ pass }) => pass)).toEqual(byTurns);
        }
      }),
      { seed: 34 },
    );
    expect(PIPELINES.interleaved.order({ stages: 4, microbatches: 8, repeats: 2 }).map(held)).toEqual([11, 9, 7, 5]);
  });

  it('are one on a single stage: forward and backward by turns', () => {
    const [only] = PIPELINES['1f1b'].order({ stages: 1, microbatches: 3, repeats: 1 });
    expect(only.map(({ pass }) => pass)).toEqual(['forward', 'backward', 'forward', 'backward', 'forward', 'backward']);
  });
});
