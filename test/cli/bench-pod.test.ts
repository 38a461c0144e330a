import { describe, expect, it } from 'vitest';
import { timedTable } from '../../src/cli/benchmarks/pod/timed-table.ts';
import { measurePods } from '../../src/cli/benchmarks/pod.ts';
import { chooseKernelPath, openKernels, openMemory } from '../../src/cluster/index.ts';

/** A clock that says one millisecond more at every look. */
function countingClock(): () => number {
  let now = 0;
  return () => now++;
}

describe('the pod benchmark', () => {
  it('learns with every case, and says what a step takes beside its kernels', async () => {
    const seen: number[] = [];
    const { fields, tables, errors } = await measurePods(
      [
        { cores: 1, topology: '{chip: tpu-v4, shape: [1, 1, 1]}', layout: '{ici: {data: 1}, expertsOver: none}', sequences: 4 },
        { cores: 4, topology: '{chip: tpu-v3, shape: [1, 2]}', layout: '{ici: {data: 2, expert: 2}, expertsOver: expert}', sequences: 4 },
      ],
      {
        rounds: 2,
        path: chooseKernelPath(),
        clock: countingClock(),
        onProgress: (_, done, total) => seen.push(done / total),
        signal: new AbortController().signal,
      },
    );
    expect(errors).toEqual([]);
    expect(fields.cases.map(({ cores }) => cores)).toEqual([1, 4]);
    for (const row of fields.cases) {
      expect(row).toMatchObject({ milliseconds: 1, stepsPerSecond: 1000, overFirst: 1 });
      // The clock moves once at each end of every call: kernels take half of it, but for what one step is looked at.
      expect(row.overhead).toBeGreaterThan(0.9);
      expect(row.overhead).toBeLessThan(1.1);
    }
    expect(seen.at(-1)).toBe(1);
    expect(tables[0].rows).toHaveLength(3);
  });

  it('adds up the time of kernels alone, and changes nothing that they do', () => {
    const path = chooseKernelPath();
    const { fast } = openKernels(openMemory(1 << 16, path), path);
    const { table, taken } = timedTable(fast, countingClock());
    const source = { offset: 0, shape: [8], dtype: 'f32' } as const;
    const target = { offset: 64, shape: [8], dtype: 'bf16' } as const;
    new Float32Array(fast.memory.buffer, 0, 8).fill(1);
    table.convert(source, target);
    table.convert(source, target);
    expect(taken()).toBe(2);
    expect(taken()).toBe(0);
    expect(new Uint16Array(fast.memory.buffer, 64, 8)).toEqual(new Uint16Array(8).fill(0x3f80));
    expect(table.path).toBe(fast.path);
  });
});
