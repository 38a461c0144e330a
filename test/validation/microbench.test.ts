import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allChips } from '../../src/cli/all-chips.ts';
import { loadMicrobench } from '../../src/intake/index.ts';
import { fitRelative, type Law, MICROBENCH_TOLERANCE, microbenchReport, predictWithout, seriesOf } from '../../src/validation/index.ts';

const chips = allChips();
const records = loadMicrobench();
const report = microbenchReport(records, chips);

describe('a fit', () => {
  interface Point {
    readonly size: number;
    readonly seconds: number;
  }
  const line: Law<Point> = ([start, rate], { size }) => start + size / rate;
  const sizes = [1e3, 1e4, 1e5, 1e6, 1e7];
  const positive = (min: number, max: number) => fc.double({ min, max, noNaN: true });

  it('finds the constants that made the points', () => {
    fc.assert(
      fc.property(positive(1e-7, 1e-5), positive(1e9, 1e12), (start, rate) => {
        const points = sizes.map((size) => ({ size, seconds: line([start, rate], { size, seconds: 0 }) }));
        const [a, b] = fitRelative(line, points, [1e-6, 1e11]);
        expect(Math.max(...points.map((point) => Math.abs(line([a, b], point) / point.seconds - 1)))).toBeLessThan(1e-6);
      }),
      { seed: 7 },
    );
  });

  it('stands at a least sum of squares: no small change of a constant is better', () => {
    const points = sizes.map((size, row) => ({ size, seconds: (1e-6 + size / 1e11) * (row % 2 === 0 ? 1.1 : 0.95) }));
    const best = fitRelative(line, points, [1e-5, 1e10]);
    const loss = (constants: readonly number[]) =>
      points.reduce((sum, point) => {
        const ratio = line(constants, point) / point.seconds;
        return sum + (Math.sqrt(ratio) - Math.sqrt(1 / ratio)) ** 2;
      }, 0);
    for (const row of [0, 1]) {
      for (const factor of [0.999, 1.001]) {
        const other = best.map((value, one) => (one === row ? value * factor : value));
        expect(loss(other)).toBeGreaterThan(loss(best));
      }
    }
  });

  it('leaves constants alone that are not free', () => {
    expect(fitRelative(line, [{ size: 1e6, seconds: 1e-4 }], [1e-6, 1e11], [1])[0]).toBe(1e-6);
  });
});

describe('micro-benchmarks and the curves that have not seen them', () => {
  /** Each is explained in its record. */
  const MISSED = [
    'v7-copy 2 MiB',
    'v7-copy 4 MiB',
    'v2-product 8192x8192x16384',
    'v5e-all-gather 32 MiB',
    'v5e-all-gather-small 0.125 MiB',
  ];

  it('looks at products, copies and collectives', () => {
    expect(report.rows).toHaveLength(32);
    expect(new Set(report.rows.map(({ kind }) => kind)).size).toBe(3);
    expect(report.passed).toBe(true);
  });

  it.each(report.rows)('$record $size', ({ record, size, deviation, why }) => {
    if (!MISSED.includes(`${record} ${size}`)) expect(Math.abs(deviation)).toBeLessThanOrEqual(MICROBENCH_TOLERANCE);
    else {
      expect(Math.abs(deviation)).toBeGreaterThan(MICROBENCH_TOLERANCE);
      expect(why?.length ?? 0).toBeGreaterThan(40);
    }
  });

  it('do not see the point: another value of it changes no prediction of it', () => {
    const series = seriesOf(records, chips);
    const products = series.find(({ kind, chip }) => kind === 'product' && chip === 'tpu-v7');
    if (products === undefined) throw new Error('no products of v7');
    const rows = products.rows.map((row, at) => (at === 3 ? { ...row, sample: { ...row.sample, seconds: row.sample.seconds * 5 } } : row));
    const told = { ...products, rows };
    const others = series.map((one) => (one === products ? told : one));
    expect(predictWithout(others, told, 3)).toEqual(predictWithout(series, products, 3));
    expect(predictWithout(others, told, 2)).not.toEqual(predictWithout(series, products, 2));
  });

  it('fails when a miss has no reason, and when there is nothing', () => {
    const silent = records.map(({ why: _why, ...record }) => record) as typeof records;
    expect(microbenchReport(silent, chips).passed).toBe(false);
    expect(microbenchReport([], chips).passed).toBe(false);
  });
});

describe('chip files', () => {
  const digits = (value: number) => Number(value.toPrecision(3));

  it.each(report.curves.filter(({ kind }) => kind !== 'collective'))(
    '$chip has the fitted curve of a $kind',
    ({ kind, chip, constants, borrowedFrom }) => {
      const { efficiency } = chips[chip];
      if (kind === 'copy') {
        expect([efficiency.copyLaunchSeconds, efficiency.copyPeakShare]).toEqual(
          [constants.launchSeconds, constants.peakShare].map(digits),
        );
      } else {
        expect(efficiency.productPeakShare).toBe(digits(constants.peakShare));
        expect(efficiency.productLaunchSeconds).toBe(digits(constants.launchSeconds));
        expect(efficiency.productExposedCost).toBe(digits(constants.exposedCost));
        if (borrowedFrom === null) expect(efficiency.productWindowBytes).toBe(digits(constants.windowBytes));
      }
    },
  );

  it.each(Object.values(chips))('$name: what is borrowed says so, and two blocks find room in VMEM', (chip) => {
    const own = report.curves.some(
      ({ kind, chip: name, borrowedFrom }) => kind === 'product' && name === chip.name && borrowedFrom === null,
    );
    expect(chip.citations['efficiency.productLaunchSeconds'].note?.startsWith('borrowed')).toBe(!own);
    if (chip.vmemBytes !== undefined) {
      expect(2 * chip.efficiency.productWindowBytes).toBeLessThanOrEqual((chip.vmemBytes / chip.devicesPerChip) * 1.01);
    }
  });
});
