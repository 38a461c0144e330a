import { describe, expect, it } from 'vitest';
import { simulate } from '../../src/engine/index.ts';
import { along, groupName, type LayoutSpec, NO_OVERLAP, stateBytes } from '../../src/layout/index.ts';
import { dense, expertMatrices } from '../../src/model/index.ts';
import { liveMemory, type Program, STAGES, TaskKind, type Unit } from '../../src/program/index.ts';
import { chain, D, F, layoutOf, loweredByHand, T } from './hand-units.ts';

const LAYERS = 4;
const WORDS = 1024;
/** Elements of one layer, and of the tables in and out. */
const LAYER = 2 * D * F;
const TABLES = 2 * WORDS * D;
const ALL = LAYERS * LAYER + TABLES;
const GRADIENT = 2;

function lower(stated: Parameters<typeof layoutOf>[0], workload = {}) {
  return loweredByHand(layoutOf(stated), [chain(LAYERS)], workload);
}

/** Bytes that one device sends for a part of the step, by kind and group of devices. */
function sentBy({ collectives, plans, names, tasks }: Program, part: string): Record<string, number> {
  const sent: Record<string, number> = {};
  for (const { task, kind, meshAxis, plan } of collectives) {
    if (names[tasks.part[task]] !== part) continue;
    const key = `${kind} ${meshAxis}`;
    sent[key] = (sent[key] ?? 0) + plans[plan].sentBytesPerDevice;
  }
  return sent;
}

function flopsOf({ tasks }: Program, stage: (typeof STAGES)[number]): number {
  return tasks.mxuFlops.reduce((sum, flops, task) => sum + (tasks.stage[task] === STAGES.indexOf(stage) ? flops : 0), 0);
}

const stepOf = ({ program, topology }: ReturnType<typeof lower>): number => simulate(program, topology).step;

describe('ZeRO', () => {
  const whole = (ALL * GRADIENT * 3) / 4;

  it('0 sums gradients over the data axis: a reduce-scatter and an all-gather of all of them', () => {
    const { program } = lower({ ici: { data: 4 } });
    expect(sentBy(program, 'gradient reduction')).toEqual({ 'all-reduce data': 2 * whole });
    expect(sentBy(program, 'weight gather')).toEqual({});
  });

  it.each([1, 2] as const)('%d reduce-scatters gradients, and gathers updated weights', (zero) => {
    const { program, scenario } = lower({ ici: { data: 4 }, zero });
    const weights = scenario.precision.weights === 'f32' ? 4 : 2;
    expect(sentBy(program, 'gradient reduction')).toEqual({ 'reduce-scatter data': whole });
    expect(sentBy(program, 'weight gather')).toEqual({ 'all-gather data': (whole * weights) / GRADIENT });
  });

  it('3 gathers weights for the forward and for the backward pass, in the type of the products', () => {
    const { program } = lower({ ici: { data: 4 }, zero: 3 });
    expect(sentBy(program, 'gradient reduction')).toEqual({ 'reduce-scatter data': whole });
    // Backward, the table of the embedding is not multiplied with.
    expect(sentBy(program, 'weight gather')).toEqual({ 'all-gather data': ((2 * ALL - WORDS * D) * 2 * 3) / 4 });
  });

  it('updates only what a device stores above level 0, and reads gradients in the type in which they wait', () => {
    const updates = ([0, 1, 2, 3] as const).map((zero) => {
      const { tasks } = lower({ ici: { data: 4 }, zero }).program;
      return tasks.hbmBytes.reduce((sum, bytes, task) => sum + (tasks.stage[task] === STAGES.indexOf('optim') ? bytes : 0), 0);
    });
    // AdamW reads and writes a weight and two moments of 4 bytes each; gradients have 2 bytes, where weights are sharded 4 like them.
    expect(updates).toEqual([26 * ALL, (26 * ALL) / 4, (26 * ALL) / 4, (28 * ALL) / 4]);
  });
});

describe('fsdp', () => {
  it('leaves the data axis the shard alone to sum', () => {
    const { program } = lower({ ici: { data: 2, fsdp: 2 } });
    const bytes = ALL * GRADIENT;
    expect(sentBy(program, 'gradient reduction')).toEqual({ 'reduce-scatter fsdp': bytes / 2, 'all-reduce data': (2 * (bytes / 2)) / 2 });
  });

  it('is quicker with prefetch, by no more than what the gathers take, and holds one group more', () => {
    const waiting = lower({ ici: { fsdp: 4 } });
    const ahead = lower({ ici: { fsdp: 4 }, overlap: { ...NO_OVERLAP, weights: true } });
    expect(stepOf(ahead)).toBeLessThan(stepOf(waiting));
    expect(sentBy(ahead.program, 'weight gather')).toEqual(sentBy(waiting.program, 'weight gather'));
    const more = liveMemory(ahead.program).peakBytes - liveMemory(waiting.program).peakBytes;
    expect(more).toBeGreaterThanOrEqual(0);
    expect(more).toBeLessThanOrEqual(2 * Math.max(LAYER, WORDS * D));
  });

  it('reduce-scatters every microbatch, and sums over the data axis once', () => {
    const { program } = lower({ ici: { data: 2, fsdp: 2 }, microbatches: 3 });
    const bytes = ALL * GRADIENT;
    expect(sentBy(program, 'gradient reduction')).toEqual({ 'reduce-scatter fsdp': (3 * bytes) / 2, 'all-reduce data': bytes / 2 });
  });
});

describe('experts over the data axis of two slices', () => {
  it('sum gradients of experts between slices only, and those of the router over all devices', () => {
    const EXPERTS = 8;
    const withExperts = (unit: Unit): Unit => ({
      ...unit,
      weights: [{ name: 'ffn', matrices: [dense(D, EXPERTS, 'none'), expertMatrices(EXPERTS, D, F, 'columns')] }],
    });
    const layout: LayoutSpec = { ...layoutOf({ ici: { data: 4 }, expertsOver: 'data' }), dcn: { ...layoutOf({ ici: {} }).dcn, data: 2 } };
    const plain = chain(LAYERS);
    const chains = [{ ...plain, units: plain.units.map((unit) => (unit.kind === 'layer' ? withExperts(unit) : unit)) }];
    const { program } = loweredByHand(layout, chains, {}, { slices: 2 });
    const router = LAYERS * D * EXPERTS + TABLES;
    const experts = (LAYERS * EXPERTS * D * F) / 4;
    expect(sentBy(program, 'gradient reduction')).toEqual({
      'all-reduce data': (2 * router * GRADIENT * 7) / 8,
      'all-reduce data (slices)': (2 * experts * GRADIENT) / 2,
    });
  });
});

describe('microbatches', () => {
  it('execute the same work, each a part of the batch', () => {
    const one = lower({ ici: { data: 4 } }).program;
    const four = lower({ ici: { data: 4 }, microbatches: 4 }).program;
    // Units made by hand have the same tokens whatever the number of microbatches.
    for (const stage of ['fw', 'agrad', 'wgrad'] as const) expect(flopsOf(four, stage)).toBe(4 * flopsOf(one, stage));
    expect(sentBy(four, 'gradient reduction')).toEqual(sentBy(one, 'gradient reduction'));
  });

  it('hold the activations of one of them, and the gradients of all layers', () => {
    const peak = (microbatches: number): number => liveMemory(lower({ ici: { data: 4 }, microbatches }).program).peakBytes;
    expect(peak(8)).toBe(peak(2));
    expect(peak(2)).toBeGreaterThan(peak(1));
    expect(peak(2) - peak(1)).toBeLessThanOrEqual(ALL * GRADIENT);
  });

  it('many of them become fewer tasks, with the same work, step and memory', () => {
    const layout = { ici: { data: 4 }, microbatches: 9 } as const;
    const merged = lower(layout);
    const each = lower({ ...layout, microbatches: 8 });
    expect(merged.program.tasks.count / 9).toBeLessThan((each.program.tasks.count / 8) * 0.95);
    expect(flopsOf(merged.program, 'fw') / 9).toBeCloseTo(flopsOf(each.program, 'fw') / 8, 3);
    expect(liveMemory(merged.program).peakBytes / liveMemory(each.program).peakBytes).toBeCloseTo(1, 2);
    const optimizer = lower({ ...layout, microbatches: 1 });
    const own = (stepOf(each) - stepOf(optimizer)) / 7;
    expect((stepOf(merged) - stepOf(optimizer)) / 8 / own).toBeCloseTo(1, 6);
  });
});

describe('rematerialisation', () => {
  const product = 2 * T * D * F;
  const again = (policy: string, tensors: Record<string, 'device' | 'offload' | 'remat'> = {}): Program =>
    lower({ ici: { data: 4 } }, { remat: { policy, tensors } }).program;

  /** Bytes in memory between the forward and the backward pass. */
  const atLogits = (program: Program): number =>
    liveMemory(program).bytesDuringTask[Array.from(program.tasks.name).findIndex((name) => program.names[name] === 'logits: logits')];

  it('makes again what the backward pass reads, and no more: the last product never', () => {
    expect(flopsOf(again('none'), 'recompute')).toBe(0);
    expect(flopsOf(again('full'), 'recompute')).toBe(LAYERS * product);
    // h is kept; the activation is made again from it.
    expect(flopsOf(again('minimal'), 'recompute')).toBe(0);
    expect(again('minimal').tasks.stage.filter((stage) => stage === STAGES.indexOf('recompute'))).toHaveLength(LAYERS);
    expect(flopsOf(again('custom', { mlpwi: 'device' }), 'recompute')).toBe(0);
    expect(flopsOf(again('save_out_proj'), 'recompute')).toBe(LAYERS * product);
  });

  it('keeps less, the more is made again', () => {
    const peaks = ['none', 'minimal', 'full'].map((policy) => liveMemory(again(policy)).peakBytes);
    expect(peaks[1]).toBeLessThan(peaks[0]);
    expect(peaks[2]).toBeLessThan(peaks[1]);
  });

  it('takes as long as what is made again', () => {
    const run = (policy: string) => stepOf(lower({ ici: { data: 4 } }, { remat: { policy, tensors: {} } }));
    const { tasks } = again('full');
    const remade = tasks.picoseconds.reduce((sum, ps, task) => sum + (tasks.stage[task] === STAGES.indexOf('recompute') ? ps : 0), 0);
    expect(run('full') - run('none')).toBe(remade);
    expect(remade).toBeGreaterThan(0);
  });

  it('copies offloaded tensors to the host and back, and holds as little in between', () => {
    const program = again('custom', { decoder_layer_input: 'offload' });
    const { tasks, names } = program;
    const copies = Array.from({ length: tasks.count }, (_, task) => task).filter((task) => tasks.kind[task] === TaskKind.transfer);
    expect(copies.map((task) => names[tasks.name[task]])).toEqual([
      ...[0, 1, 2, 3].map((layer) => `layer ${layer}: x to host`),
      ...[3, 2, 1, 0].map((layer) => `layer ${layer}: x from host`),
    ]);
    expect(atLogits(again('full')) - atLogits(program)).toBe(LAYERS * 2 * T * D);
  });
});

describe('offload', () => {
  it('of optimizer state brings and takes it once, and leaves two groups of it in device memory', () => {
    const { program, scenario } = lower({ ici: { data: 4 }, offload: { optimizer: true, weights: false } });
    const plain = lower({ ici: { data: 4 } }).program;
    const state = stateBytes(
      chain(LAYERS).units.flatMap(({ weights }) => weights.flatMap(({ matrices }) => matrices)),
      scenario.layout,
      scenario.workload,
      scenario.precision,
    );
    const { tasks } = program;
    const seconds = tasks.seconds.reduce((sum, own, task) => sum + (tasks.kind[task] === TaskKind.transfer ? own : 0), 0);
    const perByte = (2 * state.optimizer) / seconds;
    expect(perByte).toBeGreaterThan(1e9);
    expect(liveMemory(program).atPeak.find(({ name }) => name === 'optimizer state')?.bytes ?? 0).toBeLessThanOrEqual(2 * 8 * LAYER);
    expect(liveMemory(program).peakBytes).toBeLessThan(liveMemory(plain).peakBytes);
  });

  it('of weights brings them before every pass', () => {
    const { program } = lower({ ici: { data: 4 }, offload: { optimizer: false, weights: true } });
    const { tasks, names } = program;
    const brought = Array.from(tasks.name).filter((name) => names[name].endsWith('weights from host'));
    // Each layer and the output twice, the table of the embedding once.
    expect(brought).toHaveLength(2 * (LAYERS + 1) + 1);
    expect(liveMemory(program).atPeak.map(({ name }) => name)).not.toContain('weights');
  });
});

describe('pieces', () => {
  const layout = (tensor: number): Parameters<typeof layoutOf>[0] => ({ ici: { tensor: 4 }, overlap: { ...NO_OVERLAP, tensor } });

  it('send as much in as many parts, behind the computation of the next one', () => {
    const one = lower(layout(1));
    const two = lower(layout(2));
    expect(sentBy(two.program, 'tensor all-reduce')).toEqual(sentBy(one.program, 'tensor all-reduce'));
    expect(two.program.executedFlops).toBe(one.program.executedFlops);
    const sums = ({ collectives }: Program): number => collectives.filter(({ meshAxis }) => meshAxis === groupName(along('tensor'))).length;
    expect(sums(two.program)).toBe(2 * sums(one.program));
    expect(stepOf(two)).toBeLessThan(stepOf(one));
  });
});

describe('memory', () => {
  it('returns to weights and optimizer state, with every layout', () => {
    const layouts: Parameters<typeof layoutOf>[0][] = [
      { ici: { data: 4 }, zero: 2 },
      { ici: { fsdp: 4 }, overlap: { gradients: true, weights: true, tensor: 1, experts: 1 } },
      { ici: { data: 2, tensor: 2 }, microbatches: 3 },
      { ici: { pipeline: 4 }, microbatches: 4 },
    ];
    for (const stated of layouts) {
      const { program } = lower(stated as Parameters<typeof layoutOf>[0] & LayoutSpec);
      const { buffers, tasks } = program;
      const updates = Array.from(tasks.stage.keys()).filter(
        (task) => tasks.stage[task] === STAGES.indexOf('optim') && tasks.kind[task] === TaskKind.compute,
      );
      const afterwards = Array.from({ length: buffers.count }, (_, row) => row).filter(
        (row) => buffers.freedAt[row] > (updates.at(-1) ?? 0),
      );
      expect(afterwards).toEqual([]);
      expect(updates.length).toBe(LAYERS + 2);
    }
  });
});
