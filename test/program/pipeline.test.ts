import { describe, expect, it } from 'vitest';
import { simulate } from '../../src/engine/index.ts';
import { type LayoutSpec, NO_OVERLAP } from '../../src/layout/index.ts';
import { liveMemory, type Program, STAGES, TaskKind } from '../../src/program/index.ts';
import type { Chain } from '../../src/program/step-schedule.ts';
import { bubbleShare } from '../layout/bubble.ts';
import { chain, D, layer, layoutOf, loweredByHand, T } from './hand-units.ts';

type Pipeline = LayoutSpec['pipeline'];

/** Layers alone, whose activations are next to nothing on the wires: stages are equal, and wait for nobody's bytes. */
function bareChain(layers: number): Chain {
  const light = Array.from({ length: layers }, (_, index) => {
    const unit = layer(index);
    return { ...unit, tensors: unit.tensors.map((tensor) => (/^(d )?[xy]$/.test(tensor.name) ? { ...tensor, bytes: 1 } : tensor)) };
  });
  const end = { ...layer(-1), forward: [], backward: [], weights: [], recomputable: false };
  return {
    name: 'model',
    learns: true,
    units: [{ ...end, name: 'first', input: null, output: 'x' }, ...light, { ...end, name: 'last', input: 'x', output: null }],
  };
}

function bare(pipeline: Pipeline, microbatches: number, layers: number) {
  const layout = layoutOf({ ici: { pipeline: 4 }, pipeline, microbatches });
  return loweredByHand(layout, [bareChain(layers)], {}, {}, (wires) => ({ ...wires, hopLatencySeconds: 0 }));
}

/** Picoseconds of the computations of one device set and stage of the step. */
function busy({ tasks }: Program, set: number, isUpdate: boolean): number {
  return tasks.picoseconds.reduce((sum, ps, task) => {
    const isOwn = tasks.deviceSet[task] === set && tasks.kind[task] === TaskKind.compute;
    return isOwn && (tasks.stage[task] === STAGES.indexOf('optim')) === isUpdate ? sum + ps : sum;
  }, 0);
}

describe('a pipeline of equal stages', () => {
  const cases: { pipeline: Pipeline; microbatches: number }[] = [
    { pipeline: { schedule: 'gpipe', repeats: 1 }, microbatches: 4 },
    { pipeline: { schedule: 'gpipe', repeats: 2 }, microbatches: 8 },
    { pipeline: { schedule: '1f1b', repeats: 1 }, microbatches: 4 },
    { pipeline: { schedule: '1f1b', repeats: 1 }, microbatches: 12 },
    { pipeline: { schedule: 'interleaved', repeats: 2 }, microbatches: 4 },
    { pipeline: { schedule: 'interleaved', repeats: 3 }, microbatches: 8 },
  ];

  it.each(cases)(
    'idles as the formula says: $pipeline.schedule, $pipeline.repeats runs, $microbatches microbatches',
    ({ pipeline, microbatches }) => {
      const { program, topology } = bare(pipeline, microbatches, 24);
      const work = busy(program, 0, false);
      for (let stage = 1; stage < 4; stage++) expect(busy(program, stage, false)).toBe(work);
      const share = bubbleShare({ stages: 4, microbatches, repeats: pipeline.repeats });
      const step = simulate(program, topology).step - busy(program, 0, true);
      expect(step / work).toBeCloseTo(1 + share, 4);
    },
  );

  it('is the same work whatever the schedule', () => {
    const works = cases.filter(({ microbatches }) => microbatches === 4).map(({ pipeline }) => bare(pipeline, 4, 24).program.executedFlops);
    expect(new Set(works).size).toBe(1);
  });
});

describe('a pipeline', () => {
  const lower = (pipeline: Pipeline, microbatches: number, tied = false, ici: Partial<LayoutSpec['ici']> = { pipeline: 4 }) =>
    loweredByHand(layoutOf({ ici, pipeline, microbatches }), [chain(8, tied)]);

  it('sends activations and gradients over every boundary, once for each microbatch', () => {
    const { program } = lower({ schedule: 'interleaved', repeats: 2 }, 4);
    const permutes = program.collectives.filter(({ kind }) => kind === 'permute');
    expect(permutes).toHaveLength(2 * (8 - 1) * 4);
    for (const { task, plan } of permutes) {
      const set = program.deviceSets[program.tasks.deviceSet[task]];
      expect(set.reduce((sum, one) => sum + one, 0)).toBe(2);
      // One of the two sends.
      expect(program.plans[plan].sentBytesPerDevice).toBe((2 * T * D) / 2);
    }
  });

  it('computes every layer on one stage, and what the model computes altogether', () => {
    const { program } = lower({ schedule: '1f1b', repeats: 1 }, 4);
    const whole = loweredByHand(layoutOf({ ici: { data: 4 } }), [chain(8)]).program;
    // Four microbatches on four stages, and one on each of four devices.
    expect(program.executedFlops).toBe(whole.executedFlops);
    const { tasks, names } = program;
    const stages = Array.from(
      { length: 8 },
      (_, index) => new Set(Array.from(tasks.deviceSet).filter((_set, task) => names[tasks.name[task]].startsWith(`layer ${index}:`))),
    );
    expect(stages.map((sets) => [...sets])).toEqual([[0], [0], [1], [1], [2], [2], [3], [3]]);
  });

  it('holds what is in flight: all microbatches under gpipe, no more than stages under 1f1b', () => {
    const peak = (schedule: 'gpipe' | '1f1b', microbatches: number): number =>
      liveMemory(lower({ schedule, repeats: 1 }, microbatches).program).peakBytes;
    expect(peak('1f1b', 16)).toBe(peak('1f1b', 8));
    expect(peak('gpipe', 8)).toBeGreaterThan(peak('1f1b', 8));
    expect(peak('gpipe', 16)).toBeGreaterThan(1.4 * peak('gpipe', 8));
  });

  it('holds 2 (p - r - 1) + (v - 1) p + 1 microbatches of a run on rank r under the interleaved schedule', () => {
    const { buffers, deviceSets, names, tasks } = lower({ schedule: 'interleaved', repeats: 2 }, 8).program;
    const most = Array.from({ length: 4 }, (_, stage) => {
      const held = new Array<number>(tasks.count).fill(0);
      for (let row = 0; row < buffers.count; row++) {
        if (names[buffers.name[row]] !== 'h' || buffers.deviceSet[row] !== stage) continue;
        for (let task = buffers.allocatedAt[row]; task <= buffers.freedAt[row]; task++) held[task]++;
      }
      return Math.max(...held);
    });
    expect(deviceSets.length).toBeGreaterThanOrEqual(4);
    // One layer in a run; the hidden tensor of each waits for its backward pass.
    expect(most).toEqual([11, 9, 7, 5]);
  });

  it('keeps a tied table on its first and on its last stage, and sums the gradients of both', () => {
    const tied = lower({ schedule: '1f1b', repeats: 1 }, 4, true).program;
    const { collectives, tasks, names, deviceSets, plans } = tied;
    const sums = collectives.filter(({ kind }) => kind === 'all-reduce');
    expect(sums).toHaveLength(1);
    expect(deviceSets[tasks.deviceSet[sums[0].task]].reduce((sum, one) => sum + one, 0)).toBe(2);
    expect(plans[sums[0].plan].sentBytesPerDevice).toBe(1024 * D * 2);
    const updates = Array.from(tasks.name).filter((name) => names[name].includes('embedding: adamw'));
    expect(updates).toHaveLength(2);
    for (const update of updates) expect(names[update]).toMatch(/embedding/);
    expect(lower({ schedule: '1f1b', repeats: 1 }, 4, false).program.collectives.filter(({ kind }) => kind === 'all-reduce')).toEqual([]);
  });

  it('has groups of the other axes within its stages', () => {
    const layout = layoutOf({
      ici: { pipeline: 2, fsdp: 2 },
      microbatches: 4,
      overlap: { ...NO_OVERLAP, weights: true, gradients: true },
    });
    const { program, topology } = loweredByHand(layout, [chain(4)]);
    for (const { task, kind, plan } of program.collectives) {
      if (kind !== 'permute') expect(program.plans[plan].groups.map(({ devices }) => devices.length)).toEqual([2]);
      expect(program.tasks.deviceSet[task]).toBeGreaterThanOrEqual(0);
    }
    expect(simulate(program, topology).step).toBeGreaterThan(0);
  });
});
