import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Chip, copySeconds, coreOf, matmulBytes, matmulCost, matmulPeak, productTime, workSeconds } from '../../src/hardware/index.ts';
import { chipNames, findChip } from '../../src/intake/index.ts';

const chips = chipNames().map((name) => {
  const found = findChip(name, '');
  if ('issue' in found) throw new Error(found.issue.rule);
  return { name, chip: found.chip };
});

const side = fc.integer({ min: 1, max: 20_000 });
const product = fc.record({ m: side, k: side, n: side, batch: fc.integer({ min: 1, max: 4 }) });
const cost = (chip: Chip, one: { m: number; k: number; n: number; batch: number }) =>
  matmulCost(chip, one, 'bf16', 'ws', matmulPeak(chip, 'bf16') ?? Number.NaN);

describe.each(chips)('a product on $name', ({ name, chip }) => {
  const core = coreOf(chip);

  test('takes no less than its FLOPs at the peak, its bytes at the HBM, and the start', () => {
    fc.assert(
      fc.property(product, (one) => {
        const { seconds, flops, hbmBytes, mxuUtilisation, terms } = cost(chip, one);
        const least = Math.max(flops / core.matmulFlopsPerSecond, hbmBytes / core.hbmBytesPerSecond) + core.product.launchSeconds;
        expect(seconds).toBeGreaterThanOrEqual(least * (1 - 1e-12));
        expect(mxuUtilisation).toBeLessThanOrEqual(core.product.peakShare);
        expect(seconds).toBeLessThanOrEqual((terms.launch + terms.mxu + terms.hbm) * (1 + 1e-12));
        expect(seconds).toBeCloseTo(terms.launch + Math.max(terms.mxu, terms.hbm) + terms.exposed, 15);
      }),
      { seed: 4 },
    );
  });

  test('never takes less time when it grows', () => {
    fc.assert(
      fc.property(product, fc.constantFrom('m', 'k', 'n', 'batch'), fc.integer({ min: 1, max: 300 }), (one, grown, by) => {
        const more = cost(chip, { ...one, [grown]: one[grown as 'm'] + by });
        expect(more.seconds).toBeGreaterThanOrEqual(cost(chip, one).seconds * (1 - 1e-12));
      }),
      { seed: 5, numRuns: 300 },
    );
  });

  test('is bound by what is longest', () => {
    expect(cost(chip, { m: 16_384, k: 16_384, n: 16_384, batch: 1 }).boundBy).toBe('mxu');
    // One array of v2 loads its tiles slower than HBM brings them.
    expect(cost(chip, { m: 8, k: 16_384, n: 16_384, batch: 1 }).boundBy).toBe(name === 'tpu-v2' ? 'mxu' : 'hbm');
    expect(cost(chip, { m: 8, k: 8, n: 8, batch: 1 }).boundBy).toBe('overhead');
  });

  test('takes what an operation of a step takes that does nothing else', () => {
    fc.assert(
      fc.property(product, (one) => {
        const work = { matmuls: [one], vectorOps: 0, hbmBytes: matmulBytes(one, 'bf16') };
        expect(workSeconds(core, work)).toBe(cost(chip, one).seconds);
      }),
      { seed: 8 },
    );
  });

  test('uses the arrays less for fewer rows', () => {
    const shares = [8, 64, 512, 4096].map((m) => cost(chip, { m, k: 4096, n: 4096, batch: 1 }).mxuUtilisation);
    for (let i = 1; i < shares.length; i++) expect(shares[i]).toBeGreaterThan(shares[i - 1]);
  });
});

test('a curve grows with the arrays and with the traffic, whatever its constants', () => {
  const seconds = fc.double({ min: 1e-9, max: 1, noNaN: true });
  const bytes = fc.integer({ min: 1, max: 1e10 });
  const constants = fc.record({
    launchSeconds: fc.constant(0),
    peakShare: fc.double({ min: 0.1, max: 1, noNaN: true }),
    windowBytes: fc.integer({ min: 1, max: 1e9 }),
    exposedCost: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(constants, seconds, bytes, fc.double({ min: 1, max: 3, noNaN: true }), (curve, array, traffic, by) => {
      const here = productTime(curve, array, traffic, 1e12).seconds;
      expect(productTime(curve, array * by, traffic, 1e12).seconds).toBeGreaterThanOrEqual(here * (1 - 1e-12));
      expect(productTime(curve, array, traffic * by, 1e12).seconds).toBeGreaterThanOrEqual(here * (1 - 1e-12));
    }),
    { seed: 6, numRuns: 2000 },
  );
});

test('types differ by their bytes and by the rate that is published for them', () => {
  const one = { m: 3, k: 5, n: 7, batch: 2 };
  expect([matmulBytes(one, 'int8'), matmulBytes(one, 'bf16'), matmulBytes(one, 'f32')]).toEqual([142, 284, 568]);
  const rates = Object.fromEntries(
    chips.map(({ name, chip }) => [name, (matmulPeak(chip, 'int8') ?? 0) / (matmulPeak(chip, 'bf16') ?? 1)]),
  );
  expect(rates).toEqual({ 'tpu-v2': 0, 'tpu-v3': 0, 'tpu-v4': 1, 'tpu-v5e': 2, 'tpu-v5p': 2, 'tpu-v6e': 2, 'tpu-v7': 0 });
});

test('a copy takes its start and its bytes', () => {
  expect(copySeconds({ launchSeconds: 1e-6, peakShare: 0.5 }, 1e12, 1e6)).toBeCloseTo(3e-6, 15);
});
