import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  coreOf,
  cyclesPerPass,
  DATAFLOWS,
  type Dataflow,
  matmulFlops,
  matmulPasses,
  matmulSecondsAtPeak,
  unbufferedCycles,
} from '../../src/hardware/index.ts';
import { chipNames, findChip } from '../../src/intake/index.ts';

interface PeerRow {
  readonly name: string;
  readonly dataflow: Dataflow;
  readonly rows: number;
  readonly columns: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly computeCycles: number;
}

const peer: { readonly rows: readonly PeerRow[] } = JSON.parse(readFileSync('data/peers/scale-sim.json', 'utf8'));
const side = fc.integer({ min: 1, max: 3000 });
const product = fc.record({ m: side, k: side, n: side, batch: fc.integer({ min: 1, max: 9 }) });

const cores = chipNames().map((name) => {
  const found = findChip(name, '');
  if ('issue' in found) throw new Error(found.issue.rule);
  return { name, core: coreOf(found.chip) };
});

describe('unbuffered cycles', () => {
  test('there are rows of both dataflows', () => {
    for (const dataflow of DATAFLOWS) expect(peer.rows.filter((row) => row.dataflow === dataflow).length).toBeGreaterThanOrEqual(5);
  });

  test.each(peer.rows)('$name, $dataflow: the compute cycles of SCALE-Sim', ({ dataflow, rows, columns, m, k, n, computeCycles }) => {
    expect(unbufferedCycles(dataflow, { rows, columns }, { m, k, n, batch: 1 })).toBe(computeCycles);
  });

  test('one tile is loaded, streamed and drained cell by cell', () => {
    // 2 x 3 cells, ws: 2 cycles to load; the last of 4 rows enters the last row of cells in cycle 4 + 1, leaves the last column 2 later.
    expect(unbufferedCycles('ws', { rows: 2, columns: 3 }, { m: 4, k: 2, n: 3, batch: 1 })).toBe(2 + 4 + 1 + 2 - 1);
  });
});

describe.each(cores)('$name streams rows while the next tile is loaded', ({ core }) => {
  const cellRate = core.matmulFlopsPerSecond;
  const array = { rows: core.mxuSide, columns: core.mxuSide };

  test('never faster than the peak, and as fast where nothing is padded', () => {
    fc.assert(
      fc.property(product, (one) => {
        expect(matmulSecondsAtPeak(core, one)).toBeGreaterThanOrEqual((matmulFlops(one) / cellRate) * (1 - 1e-12));
      }),
      { seed: 1 },
    );
    const whole = { m: 8 * core.mxuSide, k: core.mxuSide, n: core.mxuSide * core.mxus, batch: 3 };
    expect((matmulSecondsAtPeak(core, whole) * cellRate) / matmulFlops(whole)).toBeCloseTo(1, 12);
  });

  test('never more cycles on an array than one array takes without double buffering', () => {
    fc.assert(
      fc.property(product, (one) => {
        expect(matmulPasses(core, one) * cyclesPerPass(core, one.m)).toBeLessThanOrEqual(unbufferedCycles('ws', array, one));
      }),
      { seed: 2 },
    );
  });

  test('never shorter for a larger product', () => {
    fc.assert(
      fc.property(product, fc.constantFrom('m', 'k', 'n', 'batch'), fc.integer({ min: 1, max: 500 }), (one, grown, by) => {
        expect(matmulSecondsAtPeak(core, { ...one, [grown]: one[grown as 'm'] + by })).toBeGreaterThanOrEqual(
          matmulSecondsAtPeak(core, one),
        );
      }),
      { seed: 3 },
    );
  });
});
