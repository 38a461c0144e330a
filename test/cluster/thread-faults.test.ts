import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/index.ts';
import { chooseKernelPath, createThreadExecutor, openKernels, openMemory, openStepPool } from '../../src/cluster/index.ts';
import { startError, threadError } from '../../src/cluster/thread-error.ts';
import { collectLoads } from '../../src/emulate/collect.ts';
import { emulate, planEmulation } from '../../src/emulate/index.ts';
import { plainExecutor, SMALL } from '../emulate/support.ts';

const FAULTY = new URL('./faulty-worker.ts', import.meta.url);

/** Seconds; also a thread that starts from sources on a busy machine ends an item within so many. */
const PATIENCE = 4;

/** Phase 3 routes groups, phase 4 verifies; see `Phase`. */
function withFault(fault: string, options: { threads: number; patienceSeconds?: number }) {
  process.env.FAULT = fault;
  return emulate(SMALL, createThreadExecutor({ ...options, worker: FAULTY }));
}

/** Milliseconds that a promise took to fail, and its error. */
async function failing(promise: Promise<unknown>): Promise<{ error: Error; milliseconds: number }> {
  const started = performance.now();
  const error: unknown = await promise.then(
    () => new Error('nothing failed'),
    (reason: unknown) => reason,
  );
  return { error: error as Error, milliseconds: performance.now() - started };
}

/** A pool of two threads over a small emulation. */
function openSmallPool(worker?: URL) {
  const path = chooseKernelPath();
  const job = planEmulation(SMALL, 2, openKernels(openMemory(0, path), path));
  const memory = openMemory(job.bytes, path);
  return { job, memory, pool: openStepPool(2, memory, path, { kind: 'emulation', job }, job.control, { worker }) };
}

afterEach(() => {
  process.env.FAULT = '';
});

describe('a thread', () => {
  it('that ends in an item takes the run along, and the item is named', async () => {
    const { error, milliseconds } = await failing(withFault('exit:3:2', { threads: 2 }));
    expect(error.message).toBe(
      'a thread ended while it ran routing of encoder group 2 on device 1: 64 x 32 by 32 x 8, 2 layers (worker exited with code: 3)',
    );
    expect(error).not.toBeInstanceOf(InputError);
    expect(milliseconds).toBeLessThan(5000);
  });

  it('for which others wait in vain is named by them, with what they wait for', async () => {
    const { error, milliseconds } = await failing(withFault('hang:3:0', { threads: 2, patienceSeconds: PATIENCE }));
    expect(error.message).toMatch(
      /^no item ended for 4 s in phase 4 of 5 \(\d+ of \d+ items done\): lane \d (ran routing of encoder group 0 .*|waited to run verification of expert .*); lane \d /,
    );
    expect(error.message).toContain('ran routing of encoder group 0 on device 0');
    expect(milliseconds).toBeLessThan(15_000);
  });

  it('that is stuck alone is found too', async () => {
    const { error } = await failing(withFault('hang:4:0', { threads: 1, patienceSeconds: PATIENCE }));
    expect(error.message).toMatch(
      /^no item ended for 4 s in phase 5 of 5 .*: lane 0 ran verification of expert 0 of encoder layer 1 on device 0: /,
    );
  });

  it('without memory is an error of the input, not ours, and says where', async () => {
    const hungry = 'const kept = []; for (;;) kept.push(new Array(1e5).fill({}));';
    const worker = new Worker(hungry, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8 } });
    const error = threadError(await new Promise((done) => worker.once('error', done)), 'ran routing of group 3');
    expect(error).toBeInstanceOf(InputError);
    expect(String(error)).toMatch(/E_EMULATE_MEMORY emulate: a thread ran routing of group 3: .*memory.*fewer threads/);
    const other = new Error('other');
    expect(startError(other, 2)).toBe(other);
    expect(threadError(other, 'ran x')).toMatchObject({ message: 'a thread ended while it ran x (other)', cause: other });
  });

  it('that the machine does not grant is an error of the input', () => {
    const refused = Object.assign(new Error('EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' });
    expect(startError(refused, 2)).toBeInstanceOf(InputError);
    expect(startError(refused, 2).message).toMatch(/^E_EMULATE_MEMORY emulate: 2 threads: EAGAIN; .*fewer threads$/);
  });
});

describe('a pool', () => {
  it('runs one step after the other on the same threads', async () => {
    let started = 0;
    const count = (): void => {
      started++;
    };
    process.on('worker', count);
    const { job, memory, pool } = openSmallPool();
    const [plain] = await emulate(SMALL, plainExecutor);
    for (const n of [0, 1, 2]) {
      const shares: number[] = [];
      // Counters are added to; everything else is written anew.
      new Uint8Array(memory.buffer, 0, job.bytes).fill(0);
      await pool.step(n, (done, of) => shares.push(done / of));
      expect(shares.at(-1)).toBe(1);
      expect(collectLoads(job, memory.buffer, '')[0].fingerprint).toBe(plain.fingerprint);
    }
    await pool.close();
    process.off('worker', count);
    expect(started).toBe(2);
  });

  it('runs no step after one that failed, and repeats why', async () => {
    process.env.FAULT = 'exit:0:0';
    const { pool } = openSmallPool(FAULTY);
    const first = await failing(pool.step(0));
    expect(first.error.message).toMatch(/^a thread ended while it ran cluster centres of the encoder: 1024 x 32/);
    expect((await failing(pool.step(1))).error).toBe(first.error);
    await pool.close();
  });

  it('tells with the next step what went wrong after the last', async () => {
    process.env.FAULT = 'later:4:0';
    const { memory, job, pool } = openSmallPool(FAULTY);
    await pool.step(0).catch(() => {});
    await new Promise((done) => setTimeout(done, 300));
    new Uint8Array(memory.buffer, 0, job.bytes).fill(0);
    const { error } = await failing(pool.step(1));
    expect(error.message).toMatch(/^a thread ended while it .*\(tripped\)$/);
    await pool.close();
  });
});
