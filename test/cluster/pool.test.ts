import { describe, expect, it } from 'vitest';
import { createPool, type Pool } from '../../src/cluster/pool.ts';

function openSlow(threads: number): { readonly pool: Pool<{ readonly ends: boolean }, void>; readonly counts: Int32Array } {
  const counts = new Int32Array(new SharedArrayBuffer(8));
  return { pool: createPool(threads, new URL('./slow-thread.ts', import.meta.url), counts), counts };
}

describe('a pool that is closed', () => {
  it('ends no thread that is still loading', async () => {
    const { pool, counts } = openSlow(2);
    await pool.close();
    expect([...counts]).toEqual([2, 2]);
  });

  it('ends none that was at a task before it had loaded', async () => {
    const { pool, counts } = openSlow(2);
    const answers = Promise.allSettled([pool.run({ ends: false }), pool.run({ ends: false })]);
    await pool.close();
    expect([...counts]).toEqual([2, 2]);
    await answers;
  });

  it('waits for the thread that has taken the place of a dead one too', async () => {
    const { pool, counts } = openSlow(1);
    await expect(pool.run({ ends: true })).rejects.toThrow('worker exited with code: 3');
    await pool.close();
    expect([...counts]).toEqual([2, 2]);
  });

  it('does not wait for threads that cannot start', async () => {
    const pool = createPool<null, void>(2, new URL('./no-such-thread.ts', import.meta.url), null);
    pool.onError(() => {});
    const started = performance.now();
    await expect(pool.run(null)).rejects.toThrow('no-such-thread');
    await pool.close();
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
