import { describe, expect, it } from 'vitest';
import { closedForm } from '../../src/analytic/index.ts';
import { sliceTopology } from '../../src/hardware/index.ts';
import { parseScenario } from '../../src/intake/index.ts';
import { NO_OVERLAP } from '../../src/layout/index.ts';
import { liveMemory, lowerStep, type Program } from '../../src/program/index.ts';
import type { Chain } from '../../src/program/step-schedule.ts';
import { chain, D, F, layoutOf, loweredByHand, T } from './hand-units.ts';

const LAYERS = 4;
const FSDP = 2;
const BF16 = 2;
const F32 = 4;
const STREAM = BF16 * T * D;
const WEIGHTS = 2 * D * F;
const COPIES = 'weights as products read them';

/** A chain made by hand whose layers are turns of one loop, or unrolled. */
function layers(loop: string | null, words?: number): Chain {
  const one = chain(LAYERS, false, words);
  return { ...one, units: one.units.map((unit) => (unit.kind === 'layer' ? { ...unit, loop } : unit)) };
}

/** [tasks]: bytes of what is called `name`. */
function bytesOf({ buffers, names, tasks }: Program, name: string): number[] {
  return Array.from({ length: tasks.count }, (_, task) => {
    let bytes = 0;
    for (let row = 0; row < buffers.count; row++) {
      const to = buffers.freedAt[row] === -1 ? tasks.count : buffers.freedAt[row];
      if (names[buffers.name[row]] === name && buffers.allocatedAt[row] <= task && task <= to) bytes += buffers.bytes[row];
    }
    return bytes;
  });
}

/** Tasks of a computation in order: forward, repeated, gradients. */
function tasksOf({ names, tasks }: Program, name: string): number[] {
  return Array.from(tasks.name.keys()).filter((task) => names[tasks.name[task]] === name);
}

describe('layers in a loop', () => {
  const layout = layoutOf({ ici: { data: 2, fsdp: FSDP } });
  const lowered = (loop: string | null, microbatches = 1): Program =>
    loweredByHand({ ...layout, microbatches }, [layers(loop)], { remat: { policy: 'full', tensors: {} } }).program;
  const loop = lowered('decoder');
  const unrolled = lowered(null);
  /** The backward loop begins with the last layer, and ends with the first one. */
  const first = tasksOf(loop, `layer ${LAYERS - 1}: in`)[1];
  const last = tasksOf(loop, 'layer 0: in').at(-1) ?? -1;

  it('are the same tasks as one after the other', () => {
    expect(loop.tasks).toEqual(unrolled.tasks);
    expect(loop.collectives).toEqual(unrolled.collectives);
  });

  it('keep all inputs while the backward loop runs', () => {
    // What a layer makes is the input of the next one.
    expect(bytesOf(loop, 'x')[last] + bytesOf(loop, 'y')[last]).toBe(LAYERS * STREAM);
    expect(bytesOf(unrolled, 'x')[last] + bytesOf(unrolled, 'y')[last]).toBe(STREAM);
  });

  it('write gradients into stacks that are there whole from the start', () => {
    const stacks = (LAYERS * F32 * WEIGHTS) / FSDP;
    expect(bytesOf(loop, 'gradients')[first] - bytesOf(unrolled, 'gradients')[first]).toBe(stacks);
    expect(bytesOf(loop, 'gradients')[loop.tasks.count - 1]).toBe(bytesOf(unrolled, 'gradients')[loop.tasks.count - 1]);
  });

  it('have copies of weights until the loop ends, and through all microbatches where there are several', () => {
    const copies = bytesOf(loop, COPIES);
    expect(copies[first]).toBeGreaterThan((LAYERS * BF16 * WEIGHTS) / FSDP);
    expect(copies[last]).toBe(copies[first]);
    expect(bytesOf(unrolled, COPIES)[last]).toBeLessThan(copies[last] / 2);
    expect(copies.at(-1)).toBe(0);
    const all = bytesOf(lowered('decoder', 2), COPIES);
    expect(all.at(-1)).toBe(all[0]);
  });
});

describe('the gradient of the output matrix', () => {
  const WORDS = 1536;
  const layout = (gradients: boolean, zero: 0 | 2, microbatches = 1) =>
    layoutOf({ ici: { data: 2, fsdp: FSDP }, overlap: { ...NO_OVERLAP, gradients }, zero, microbatches });
  const lowered = (loop: string | null, spec: ReturnType<typeof layout>): Program =>
    loweredByHand(spec, [layers(loop, WORDS)], { remat: { policy: 'full', tensors: {} } }).program;
  const task = (program: Program, name: string): number => tasksOf(program, name).at(-1) ?? -1;
  /** Bytes, first and last task of gradients that are neither of a layer nor of the embedding, which has its own at the end. */
  const ranges = (program: Program): number[][] => {
    const { buffers, names } = program;
    const rows = Array.from({ length: buffers.count }, (_, row) => row).filter((row) => names[buffers.name[row]] === 'gradients');
    const own = rows.filter(
      (row) => buffers.bytes[row] % (WORDS / 1024) === 0 && buffers.allocatedAt[row] < task(program, 'embedding: scatter'),
    );
    return own.map((row) => [buffers.bytes[row], buffers.allocatedAt[row], buffers.freedAt[row]]).sort((a, b) => a[1] - b[1]);
  };
  const whole = BF16 * WORDS * D;
  const shard = (F32 * WORDS * D) / FSDP;

  it.each([
    [0, shard],
    [2, shard / 2],
  ] as const)('is whole until the backward loop has ended, and what is left of it there behind it (zero %d)', (zero, left) => {
    const program = lowered('decoder', layout(true, zero));
    const loopEnd = task(program, 'embedding: scatter') - 1;
    const made = task(program, 'logits: logits');
    expect(ranges(program)[0]).toEqual([whole, made, loopEnd]);
    const update = task(program, 'logits output: adamw');
    const behind = bytesOf(program, 'gradients')[update] - bytesOf(program, 'gradients')[update + 1];
    expect(behind).toBe(left);
  });

  it('is scattered where it stands if layers are unrolled, or if the pass waits for it', () => {
    for (const program of [lowered(null, layout(true, 0)), lowered('decoder', layout(false, 0))]) {
      const scatter = task(program, 'logits output: gradient reduce-scatter');
      const [first, second] = ranges(program);
      expect(first).toEqual([whole, task(program, 'logits: logits'), scatter]);
      expect(second).toEqual([shard, scatter, task(program, 'logits output: adamw')]);
    }
  });

  it('of the second of two microbatches is whole beside the shard that the first one left', () => {
    const program = lowered('decoder', layout(true, 0, 2));
    const end = task(program, 'embedding: scatter') - 1;
    const there = ranges(program).filter(([, from, to]) => from <= end && end <= to);
    // The embedding's shard of the first one as well.
    expect(there.map(([bytes]) => bytes).sort()).toEqual([whole, shard, shard].sort());
  });

  it('takes as long, over the same wires, as if it were scattered at once', () => {
    expect(lowered('decoder', layout(true, 0)).tasks).toEqual(lowered(null, layout(true, 0)).tasks);
  });
});

describe('a gated feed-forward layer', () => {
  const fullest = (preset: string): Map<string, number> => {
    const lines = [
      'topology: {chip: tpu-v5p, shape: [1, 1, 1]}',
      `model: {preset: ${preset}}`,
      'workload: {sequences: 1, sequenceLength: 2048, remat: full}',
    ];
    const { scenario, chip } = parseScenario('gated.yaml', lines.join('\n'), { ignoreMemory: true });
    const program = lowerStep(scenario, chip, sliceTopology(chip, scenario.topology), null);
    const [task] = tasksOf(program, 'decoder 0 ffn: norm, in').slice(-1);
    const width = BF16 * 2048 * scenario.model.dFf;
    return new Map(['feed-forward hidden', 'feed-forward hidden gradients'].map((name) => [name, bytesOf(program, name)[task] / width]));
  };

  it('has both halves and the gradient of the activation while its own gradients are made; one without a gate only that', () => {
    expect(Object.fromEntries(fullest('llama3.1-8b'))).toEqual({ 'feed-forward hidden': 2, 'feed-forward hidden gradients': 1 });
    expect(Object.fromEntries(fullest('gpt3-175b'))).toEqual({ 'feed-forward hidden': 0, 'feed-forward hidden gradients': 1 });
  });
});

describe('memory of a real model', () => {
  const step = (workload: string, zero: number) => {
    const lines = [
      'topology: {chip: tpu-v5p, shape: [2, 2, 4]}',
      'model: {preset: llama3.1-8b}',
      `layout: {ici: {data: 4, fsdp: 4}, zero: ${zero}}`,
      `workload: {sequences: 32, sequenceLength: 2048, ${workload}}`,
    ];
    const { scenario, chip } = parseScenario('loop.yaml', lines.join('\n'), { ignoreMemory: true });
    const program = lowerStep(scenario, chip, sliceTopology(chip, scenario.topology), null);
    return { closed: closedForm(scenario, chip).memory, live: liveMemory(program), program, scenario };
  };

  it.each([
    ['in a loop', 'remat: full', 0],
    ['in a loop whose gradients are shared', 'remat: full', 2],
    ['in a loop that keeps all', 'remat: none', 0],
    ['unrolled', 'remat: full, layers: unrolled', 0],
  ])('%s is the same for both answers to two thousandths', (_, workload, zero) => {
    const { closed, live } = step(workload, zero);
    expect(Math.abs(closed.peakBytes / live.peakBytes - 1)).toBeLessThan(0.002);
    expect(closed.parts.reduce((sum, { bytes }) => sum + bytes, 0) / closed.peakBytes).toBeCloseTo(1, 9);
  });

  it('in a loop needs more', () => {
    expect(step('remat: full', 0).closed.peakBytes).toBeGreaterThan(step('remat: full, layers: unrolled', 0).closed.peakBytes);
  });

  it.each([
    ['layers: loop', 'behind'],
    ['layers: unrolled', 'ahead of'],
  ])('%s: what the last layer offloaded comes back %s the backward pass of the logits', (layers, place) => {
    const { closed, live, program } = step(`remat: {policy: custom, tensors: {decoder_layer_input: offload}}, ${layers}`, 0);
    const [fetch] = tasksOf(program, 'decoder 31: x from host');
    const [neighbour] = tasksOf(program, 'decoder 30: x from host');
    const logits = tasksOf(program, 'logits and loss: logits').at(-1) ?? -1;
    expect(fetch < logits ? 'ahead of' : 'behind').toBe(place);
    // Within the loop each comes one turn ahead.
    expect(neighbour).toBeLessThan(tasksOf(program, 'decoder 31 ffn: out').at(-1) ?? -1);
    expect(Math.abs(closed.peakBytes / live.peakBytes - 1)).toBeLessThan(0.02);
  });

  it('has one-hot rows of all words while the gradient of the embedding is made of them, and never otherwise', () => {
    const { program, scenario } = step('remat: full, embedding: one-hot', 0);
    const [task] = tasksOf(program, 'embedding: one-hot product').slice(-1);
    const rows = bytesOf(program, 'one-hot rows');
    const tokens = (32 / 16) * 2048;
    expect(rows[task]).toBe(BF16 * tokens * scenario.model.vocab);
    expect(rows.filter((bytes) => bytes > 0)).toHaveLength(1);
    expect(Math.max(...bytesOf(step('remat: full', 0).program, 'one-hot rows'))).toBe(0);
  });
});
