import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/index.ts';
import { type EmulationJob, type Executor, emulate, openEmulationStep, planEmulation } from '../../src/emulate/index.ts';
import { counts } from '../../src/emulate/memory-views.ts';
import { deviceOfExpert, deviceOfGroup, expertsByDevice } from '../../src/emulate/shards.ts';
import { abortStep, itemsDone } from '../../src/kernels/index.ts';
import { elementCount } from '../../src/model/index.ts';
import { plainExecutor, plainKernels, runItems, SMALL } from './support.ts';

/** Everything in a job that has an offset and a shape, with its bytes. Counters take 4 bytes an element, sums 8. */
function windowsOf(value: unknown, name = 'job'): { name: string; from: number; to: number }[] {
  if (typeof value !== 'object' || value === null) return [];
  const { offset, shape, dtype } = value as { offset?: number; shape?: number[]; dtype?: string };
  if (offset !== undefined && shape !== undefined) {
    const bytes = dtype === 'bf16' ? 2 : name.endsWith('losses') || name.endsWith('outcomes') || name.endsWith('handedOver') ? 8 : 4;
    return [{ name, from: offset, to: offset + elementCount(shape) * bytes }];
  }
  return Object.entries(value).flatMap(([key, entry]) => windowsOf(entry, `${name}.${key}`));
}

describe('a planned emulation', () => {
  const job = planEmulation(SMALL, 3, plainKernels(0));

  it('is plain data', () => {
    expect(structuredClone(job)).toEqual(job);
    expect(JSON.parse(JSON.stringify(job))).toEqual(job);
  });

  it('keeps all tensors and counters of all threads apart and within its bytes', () => {
    const windows = windowsOf(job)
      .filter(({ from, to }) => to > from)
      .sort((a, b) => a.from - b.from);
    expect(windows.length).toBeGreaterThan(60);
    for (let i = 0; i < windows.length; i++) {
      expect(windows[i].from % 16).toBe(0);
      const end = i + 1 < windows.length ? windows[i + 1].from : job.bytes;
      expect(windows[i].to, `${windows[i].name} and the next`).toBeLessThanOrEqual(end);
    }
  });

  it('lists every item once, phase after phase', () => {
    const names = job.items.map((item) => JSON.stringify(item));
    expect(new Set(names).size).toBe(names.length);
    expect(job.items.filter(({ kind }) => kind === 'route')).toHaveLength(12);
    expect(job.phaseItems.reduce((sum, count) => sum + count, 0)).toBe(job.items.length);
    const order = ['centres', 'weights', 'pack', 'route', 'verify'];
    const phases = job.items.map(({ kind }) => Math.max(1, order.indexOf(kind)));
    expect(phases).toEqual([...phases].sort((a, b) => a - b));
  });

  it('names every item by what it does, where, and on what shape', () => {
    const balanced: EmulationJob = planEmulation(
      { ...SMALL, variants: [{ ...SMALL.variants[0], router: 'loss-free' }] },
      2,
      plainKernels(0),
    );
    const step = openEmulationStep(balanced, new ArrayBuffer(0), plainKernels(0));
    const names = step.phaseItems.map((count, phase) => Array.from({ length: count }, (_, item) => step.name(phase, item)));
    expect(names.map(([first]) => first)).toEqual([
      'cluster centres of the encoder: 1024 x 32',
      'packing of router weights of encoder layers 1 to 3: 32 x 16',
      'balancing of biases of encoder layers 1 to 3: 32 x 16',
      'routing of encoder group 0 on device 0: 64 x 32 by 32 x 8, 2 layers',
      'verification of expert 0 of encoder layer 1 on device 0: up to 20 x 32 by 32 x 48',
    ]);
    expect(names[0]).toContain('router weights of decoder layer 1: 32 x 8');
    expect(names[3]).toContain('routing of decoder group 3 on device 3: 40 x 32 by 32 x 8, 1 layer');
    expect(new Set(names.flat()).size).toBe(balanced.items.length);
  });

  it('names the item that fails, and stops the others', async () => {
    const broken: Executor = {
      ...plainExecutor,
      run: (planned, onProgress) => plainExecutor.run({ ...planned, verification: null }, onProgress),
    };
    await expect(emulate(SMALL, broken)).rejects.toThrow(/^verification lane 0: internal: /);

    const failing: EmulationJob = { ...job, verification: null };
    const kernels = plainKernels(job.bytes);
    const { buffer } = kernels.fast.memory;
    expect(() => runItems(failing, buffer, kernels)).toThrow(/verification lane 0/);
    const control = counts(buffer, job.control);
    const done = itemsDone(control);
    runItems(failing, buffer, kernels, 1);
    expect(itemsDone(control)).toBe(done);
  });

  it('runs nothing once it is aborted', () => {
    const kernels = plainKernels(job.bytes);
    const { buffer } = kernels.fast.memory;
    abortStep(counts(buffer, job.control));
    runItems(job, buffer, kernels);
    expect(itemsDone(counts(buffer, job.control))).toBe(0);
  });

  it('can be shared by calls that take turns, each with scratch of its own', async () => {
    const kernels = plainKernels(job.bytes);
    const { buffer } = kernels.fast.memory;
    for (const thread of [2, 0, 1]) runItems(job, buffer, kernels, thread);
    expect(itemsDone(counts(buffer, job.control))).toBe(job.items.length);
  });

  it('takes as many threads as fit in one memory, and all where they do', () => {
    expect(planEmulation(SMALL, 96, plainKernels(0)).threads).toBe(96);
    // d = 2048, F = 8192: some 400 MiB of expert weights and their packed copies for each thread.
    const wide = { ...SMALL, dModel: 2048, dExpert: 8192 };
    const job4 = planEmulation(wide, 2, plainKernels(0));
    const job96 = planEmulation(wide, 96, plainKernels(0));
    expect(job4.threads).toBe(2);
    expect(job96.threads).toBeGreaterThan(2);
    expect(job96.threads).toBeLessThan(96);
    expect(job96.scratch).toHaveLength(job96.threads);
    expect(job96.bytes).toBeLessThanOrEqual(2 ** 32);
    const perThread = (job96.bytes - job4.bytes) / (job96.threads - 2);
    expect(job96.bytes + perThread).toBeGreaterThan(2 ** 32);
  });

  it('names the capacity factor where slots are what does not fit, and only there', () => {
    const refused = (change: object) => {
      try {
        planEmulation({ ...SMALL, ...change }, 1, plainKernels(0));
      } catch (error) {
        if (error instanceof InputError) return error.issues[0].remedy;
      }
      return 'nothing was refused';
    };
    const roomy = { variants: [{ ...SMALL.variants[0], capacityRule: 'gshard', capacityFactor: 1e6 }] };
    expect(refused({ ...roomy, dModel: 64 })).toMatch(
      /^lower routing\.capacityFactor, which gives every expert up to \d+ slots.* or lower emulate/,
    );
    expect(refused({ dModel: 16384, dExpert: 65536 })).toMatch(/^lower emulate/);
  });

  it('refuses unknown routers and capacity rules by name', () => {
    const withVariant = (variant: object) => ({ ...SMALL, variants: [{ ...SMALL.variants[0], ...variant }] });
    expect(() => planEmulation(withVariant({ router: 'switch-topl' }), 1, plainKernels(0))).toThrow(/did you mean switch-top1/);
    expect(() => planEmulation(withVariant({ capacityRule: 'mesh' }), 1, plainKernels(0))).toThrow(/E_CAPACITY_RULE_UNKNOWN/);
  });
});

describe('shards', () => {
  it('hold contiguous ranges of groups and experts, as even as can be', () => {
    for (const [items, devices] of [
      [128, 32],
      [12, 5],
      [3, 8],
    ]) {
      const owners = Array.from({ length: items }, (_, i) => deviceOfExpert(i, items, devices));
      expect(owners).toEqual([...owners].sort((a, b) => a - b));
      expect(owners).toEqual(Array.from({ length: items }, (_, i) => deviceOfGroup(i, items, devices)));
      const held = expertsByDevice(items, devices);
      expect(held.flat()).toEqual(Array.from({ length: items }, (_, i) => i));
      expect(held).toHaveLength(Math.min(items, devices));
      const sizes = held.map(({ length }) => length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }
  });
});
