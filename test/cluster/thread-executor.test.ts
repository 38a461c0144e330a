import { describe, expect, it } from 'vitest';
import { createThreadExecutor } from '../../src/cluster/index.ts';
import { emulate } from '../../src/emulate/index.ts';
import { plainExecutor, SMALL } from '../emulate/support.ts';

describe('threads', () => {
  it.each([1, 2, 3])('give the bits of plain kernels in one thread: %i', async (threads) => {
    const variants = [...SMALL.variants, { router: 'gshard-top2', options: {}, capacityFactor: 2, capacityRule: 'mesh-tf' }];
    const plain = await emulate({ ...SMALL, variants }, plainExecutor);
    const seen: number[] = [];
    const executor = createThreadExecutor({ threads });
    const loads = await emulate({ ...SMALL, variants }, executor, (done, of) => seen.push(done / of));
    expect(loads.map(({ fingerprint }) => fingerprint)).toEqual(plain.map(({ fingerprint }) => fingerprint));
    expect(loads.map(({ layers }) => layers)).toEqual(plain.map(({ layers }) => layers));
    expect(loads[0].verification).toEqual({ ...plain[0].verification, kernelPath: executor.kernelPath });
    expect(executor.kernelPath).toMatch(/^(wasm|native)-[a-z0-9-]+$/);
    expect(seen.at(-1)).toBe(1);
  });

  it('can be used again and again', async () => {
    const executor = createThreadExecutor({ threads: 2 });
    const request = { ...SMALL, verifyShare: 0, stacks: [{ ...SMALL.stacks[1] }] };
    const prints = new Set<string>();
    for (let run = 0; run < 12; run++) prints.add((await emulate(request, executor))[0].fingerprint);
    expect(prints.size).toBe(1);
  });

  it('are no more than there are items', async () => {
    let started = 0;
    const count = (): void => {
      started++;
    };
    process.on('worker', count);
    const groups = [0];
    const request = { ...SMALL, verifyShare: 0, clustering: 0, stacks: [{ ...SMALL.stacks[1], groups }] };
    // One layer of one group: its weights, their packing, its routing.
    await emulate(request, createThreadExecutor({ threads: 6 }));
    process.off('worker', count);
    expect(started).toBe(3);
  });

  it('name the item that failed', async () => {
    const executor = createThreadExecutor({ threads: 2 });
    const broken = { ...executor, run: (job: Parameters<typeof executor.run>[0]) => executor.run({ ...job, verification: null }) };
    await expect(emulate(SMALL, broken)).rejects.toThrow(/^verification lane \d+: internal: /);
  });

  it('stop within a second when asked to, in the middle of long items', async () => {
    const controller = new AbortController();
    const executor = createThreadExecutor({ threads: 2, signal: controller.signal });
    // Minutes of work: 64 groups of 4,096 tokens, 1,024 experts, 6 layers.
    const groups = Array.from({ length: 64 }, (_, i) => i);
    const stacks = [
      { stack: 'encoder' as const, tokens: 262144, groupTokens: 4096, sequenceLength: 4096, layers: [1, 3, 5, 7, 9, 11], groups },
    ];
    const request = { ...SMALL, dModel: 512, experts: 1024, stacks, totalLayers: 6, verifyShare: 0 };
    let abortedAt = 0;
    const run = emulate(request, executor, (done) => {
      if (abortedAt > 0 || done === 0) return;
      abortedAt = performance.now();
      controller.abort(new Error('interrupted by the user'));
    });
    await expect(run).rejects.toThrow('interrupted by the user');
    expect(abortedAt).toBeGreaterThan(0);
    expect(performance.now() - abortedAt).toBeLessThan(1000);
    await expect(emulate(SMALL, executor)).rejects.toThrow('interrupted by the user');
  });
});
