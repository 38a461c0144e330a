import { describe, expect, test } from 'vitest';
import { checkShape, chipCount, coreOf, defaultWrap, sliceTopology, workSeconds } from '../../src/hardware/index.ts';
import { chipNames, findChip, findSlice, sliceFileNames } from '../../src/intake/index.ts';

function chipOf(name: string) {
  const found = findChip(name, 'topology');
  if ('issue' in found) throw new Error(found.issue.rule);
  return found.chip;
}

test('seven generations stand as data', () => {
  expect(chipNames()).toEqual(['tpu-v2', 'tpu-v3', 'tpu-v4', 'tpu-v5e', 'tpu-v5p', 'tpu-v6e', 'tpu-v7']);
});

describe.each(chipNames())('%s', (name) => {
  const chip = chipOf(name);

  test('every number carries a source and a date', () => {
    const { name: _name, citations, efficiency, ...numbers } = chip;
    const keys = [...Object.keys(numbers), ...Object.keys(efficiency).map((key) => `efficiency.${key}`)];
    expect(Object.keys(citations).toSorted()).toEqual(keys.toSorted());
    for (const { source, asOf } of Object.values(citations)) {
      expect(source.length).toBeGreaterThan(5);
      expect(asOf).toMatch(/^20\d\d(-\d\d)?$/);
    }
  });

  test('sources that disagree stay within a factor of two of what is used', () => {
    const numbers: Record<string, unknown> = { ...chip };
    for (const [key, { disagreements }] of Object.entries(chip.citations)) {
      for (const { value } of disagreements ?? []) {
        expect(value, key).not.toBe(numbers[key]);
        expect(Math.max(value / Number(numbers[key]), Number(numbers[key]) / value), key).toBeLessThanOrEqual(2);
      }
    }
  });

  test('cores, hosts and clock agree with one another', () => {
    expect(chipCount(chip.hostShape)).toBe(chip.chipsPerHost);
    expect(chip.hostShape).toHaveLength(chip.iciDimensions);
    expect(chip.tensorCores % chip.devicesPerChip).toBe(0);
    expect(chip.rawIciLinkBytesPerSecond).toBeGreaterThanOrEqual(chip.iciLinkBytesPerSecond);
  });

  test('a whole pod fits its own rule and closes in every dimension', () => {
    expect(checkShape(chip, chip.podShape)).toEqual([]);
    expect(defaultWrap(chip, chip.podShape)).toEqual(chip.podShape.map(() => true));
    expect(chip.podShape).toHaveLength(chip.iciDimensions);
  });

  test('the larger a product, the nearer it comes to the measured share of the published peak, and never above', () => {
    const core = coreOf(chip);
    const shares = [2048, 16_384, 131_072].map((n) => {
      const seconds = workSeconds(core, { matmuls: [{ m: n, k: n, n, batch: 1 }], vectorOps: 0, hbmBytes: 6 * n * n });
      return (2 * n ** 3 * chip.devicesPerChip) / (seconds * chip.matmulFlopsPerSecond * chip.efficiency.productPeakShare);
    });
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares[0]).toBeLessThan(0.97);
    expect(shares[2]).toBeLessThanOrEqual(1);
    expect(shares[2]).toBeGreaterThan(0.999);
  });
});

// Matrix units times clock; published clocks in GHz (v2, v3, v4: CACM 2020 and ISCA 2023; v5e, v5p: jax-ml/scaling-book, 2025-02).
test.each([
  ['tpu-v2', 0.7],
  ['tpu-v3', 0.94],
  ['tpu-v4', 1.05],
  ['tpu-v5e', 1.5],
  ['tpu-v5p', 1.75],
])('%s at %f GHz: matrix units reproduce the published peak within 1 %%', (name, gigahertz) => {
  const chip = chipOf(name);
  const cells = chip.mxusPerChip * chip.mxuSide * chip.mxuSide;
  expect(Math.abs((2 * cells * gigahertz * 1e9) / chip.matmulFlopsPerSecond - 1)).toBeLessThan(0.01);
});

describe.each(sliceFileNames())('slice %s', (name) => {
  test('is named after its chip and sides, and can be built', () => {
    const slice = findSlice(name);
    if (slice === undefined) throw new Error(`no slice ${name}`);
    expect(name).toBe(`${slice.chip}-${slice.shape.join('x')}`);
    const chip = chipOf(slice.chip);
    expect(checkShape(chip, slice.shape)).toEqual([]);
    const wrap = defaultWrap(chip, slice.shape);
    const topology = sliceTopology(chip, { chip: chip.name, shape: slice.shape, wrap, slices: 1, slowDevices: [] });
    expect(topology.devices).toBe(chipCount(slice.shape) * chip.devicesPerChip);
    expect(topology.links.bytesPerSecond.every((rate) => rate === chip.iciLinkBytesPerSecond)).toBe(true);
  });
});

test.each(['tpu-v2', 'tpu-v3'])('%s hands bytes from core to core as fast as both of its cores stream them in and out', (name) => {
  const chip = chipOf(name);
  const core = coreOf(chip);
  const { localBytesPerSecond } = sliceTopology(chip, { chip: name, shape: [1], wrap: [false], slices: 1, slowDevices: [] });
  const bytes = 1e9;
  const copied = workSeconds(core, { matmuls: [], vectorOps: 0, hbmBytes: (2 * bytes) / chip.devicesPerChip }) - core.copy.launchSeconds;
  expect(bytes / localBytesPerSecond).toBeCloseTo(copied, 12);
});

test('tpu-v7 hands bytes from chiplet to chiplet over the wire between them, which is slower than their memory', () => {
  const chip = chipOf('tpu-v7');
  const { localBytesPerSecond } = sliceTopology(chip, { chip: 'tpu-v7', shape: [1], wrap: [false], slices: 1, slowDevices: [] });
  expect(localBytesPerSecond).toBe(12 * chip.iciLinkBytesPerSecond);
  expect(localBytesPerSecond).toBeLessThan((chip.hbmBytesPerSecond * chip.efficiency.copyPeakShare) / 2);
});

test('there are slices', () => expect(sliceFileNames().length).toBeGreaterThanOrEqual(63));
