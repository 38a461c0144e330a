import { describe, expect, it } from 'vitest';
import { timingOf } from '../../src/cli/benchmark.ts';
import { BENCHMARKS } from '../../src/cli/benchmarks/index.ts';
import { measureRouting } from '../../src/cli/benchmarks/routing.ts';
import { main } from '../../src/cli/index.ts';
import { chooseKernelPath } from '../../src/cluster/index.ts';
import { createRouter, ROUTERS } from '../../src/routing/index.ts';
import { listen } from './listen.ts';

/** A clock that says one millisecond more at every look. */
function countingClock(): () => number {
  let now = 0;
  return () => now++;
}

const TINY = Object.keys(ROUTERS).map((router) => ({
  router,
  tokens: 96,
  experts: 16,
  groupTokens: 32,
  barMs: router === 'base' ? 4 : null,
}));

describe('the routing benchmark', () => {
  const progress: number[] = [];
  const answer = measureRouting(TINY, {
    rounds: 3,
    path: chooseKernelPath(),
    clock: countingClock(),
    onProgress: (_, done, total) => progress.push(done / total),
  });

  it('measures every router on all its groups, and a softmax where one is read', () => {
    expect(answer.fields.cases.map(({ router }) => router)).toEqual(Object.keys(ROUTERS));
    for (const { router, topK, softmaxMs, assignMs, totalMs, tokens, experts } of answer.fields.cases) {
      const readsSoftmax = createRouter(router).reads.includes('probabilities');
      expect({ tokens, experts, topK }).toEqual({ tokens: 96, experts: 16, topK: createRouter(router).topK });
      // Three groups, a look before and after each part.
      expect({ softmaxMs, assignMs }).toEqual({ softmaxMs: readsSoftmax ? 3 : 0, assignMs: 3 });
      expect(totalMs).toEqual({ best: softmaxMs + assignMs, median: softmaxMs + assignMs });
    }
  });

  it('has a row of the table for each, with the bar where there is one', () => {
    const [{ rows }] = answer.tables;
    expect(rows).toHaveLength(TINY.length + 1);
    for (const row of rows) expect(row).toHaveLength(rows[0].length);
    expect(rows.filter((row) => row.at(-1) === '4').map(([router]) => router)).toEqual(['base']);
  });

  it('says how far it is', () => {
    expect(progress).toHaveLength(4 * TINY.length);
    expect(progress.at(-1)).toBe(1);
    expect([...progress].sort((a, b) => a - b)).toEqual(progress);
  });
});

it('the best of some times is the least, the median the middle one', () => {
  expect(timingOf([5, 1, 9])).toEqual({ best: 1, median: 5 });
  expect(timingOf([4, 8, 2, 6])).toEqual({ best: 2, median: 5 });
});

it('bench knows its benchmarks by name', async () => {
  const listener = listen();
  expect(await main(['node', 'switchyard', 'bench', 'rooting'], listener.io)).toBe(2);
  expect(listener.err()).toContain(Object.keys(BENCHMARKS).join(', '));
  expect(listener.out()).toBe('');
});
