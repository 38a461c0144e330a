import { describe, expect, it } from 'vitest';
import { KERNEL_CHECKS } from '../../src/cluster/checks/index.ts';
import { openSelfCheck, SELF_CHECK_BYTES } from '../../src/cluster/self-check.ts';
import { createKernelMemory, createNaiveTable, createTiledTable, type KernelTable } from '../../src/kernels/index.ts';
import { f32Elements } from '../../src/model/index.ts';
import { allTables } from '../kernels/paths.ts';

const memory = createKernelMemory(SELF_CHECK_BYTES);
const check = openSelfCheck();

describe('the self-check', () => {
  it('is passed by every path', () => {
    expect(allTables(memory).map((table) => [table.path, check.findFault(table)])).toEqual(
      allTables(memory).map((table) => [table.path, null]),
    );
  });

  it('calls every kernel of the table', () => {
    const called = new Set<string>();
    const table = createTiledTable(memory);
    const watched = new Proxy(table, {
      get: (target, name) => {
        called.add(String(name));
        return Reflect.get(target, name);
      },
    });
    openSelfCheck().findFault(watched);
    const kernels = Object.entries(table).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
    expect(kernels.length).toBeGreaterThan(20);
    expect(kernels.filter((name) => !called.has(name))).toEqual([]);
  });

  it('has a name for each check', () => {
    expect(new Set(KERNEL_CHECKS.map(({ name }) => name)).size).toBe(KERNEL_CHECKS.length);
  });

  it('notices one wrong bit, a kernel that writes nothing, and one that throws, by name', () => {
    const naive = createNaiveTable(memory);
    const wrongBit: KernelTable = {
      ...naive,
      softmax(logits, firstColumn, probabilities, statistics) {
        naive.softmax(logits, firstColumn, probabilities, statistics);
        const values = f32Elements(memory.buffer, probabilities);
        new Uint32Array(values.buffer, values.byteOffset, values.length)[values.length - 1] ^= 1;
      },
    };
    expect(check.findFault(wrongBit)).toBe('softmax differs from the oracle');
    expect(check.findFault({ ...naive, gatherRows: () => {} })).toBe('gatherRows in bf16 differs from the oracle');
    const throwing = () => {
      throw new Error('unreachable');
    };
    expect(check.findFault({ ...naive, matmul: throwing })).toBe('matmul: unreachable');
  });
});
