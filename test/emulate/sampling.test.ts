import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Purpose, uniform } from '../../src/base/index.ts';
import { droppedTokenShare, emulate, sampleEvenly } from '../../src/emulate/index.ts';
import type { LayerLoad, Load } from '../../src/scenario/index.ts';
import { plainExecutor, SMALL } from './support.ts';

describe('sampleEvenly', () => {
  it('takes different indices in increasing order, evenly spread', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 600 }), (of, wanted) => {
        const sample = sampleEvenly(of, wanted);
        expect(sample).toHaveLength(Math.min(of, wanted));
        for (let i = 0; i < sample.length; i++) {
          expect(sample[i]).toBeGreaterThan(i === 0 ? -1 : sample[i - 1]);
          expect(Math.abs(sample[i] - ((i + 0.5) * of) / sample.length)).toBeLessThanOrEqual(1);
        }
      }),
    );
    expect(sampleEvenly(4, 'all')).toEqual([0, 1, 2, 3]);
    expect(sampleEvenly(512, 2)).toEqual([128, 384]);
  });
});

/** A load of one stack with the given dropped shares, [layer][group]. */
function loadOf(
  shares: readonly (readonly number[])[],
  totalGroups: number,
  totalLayers: number,
  routedGroups = shares.map((byGroup) => byGroup.map((_, group) => group)),
): Load {
  const template = { stack: 'encoder', groupTokens: 100, paddingTokens: 0 } as LayerLoad;
  const layers = shares.map((byGroup, layer) => ({
    ...template,
    layer,
    groups: byGroup.length,
    totalGroups,
    routedGroups: Int32Array.from(routedGroups[layer]),
    droppedShareByGroup: Float64Array.from(byGroup),
  }));
  return { layers, totalLayers } as unknown as Load;
}

describe('droppedTokenShare', () => {
  it('is exact when everything was routed, and weights stacks by their tokens', async () => {
    const [load] = await emulate({ ...SMALL, verifyShare: 0 }, plainExecutor);
    const dropped = load.layers.reduce((sum, layer) => sum + layer.droppedTokens, 0);
    const { value, standardError } = droppedTokenShare(load);
    expect(value).toBeCloseTo(dropped / (512 + 512 + 160), 12);
    expect(standardError).toBe(0);
  });

  it('states an error that the truth keeps to', () => {
    // Population: 12 layers x 40 groups whose shares have a layer part and a group part; sampled many times.
    const totalLayers = 12;
    const totalGroups = 40;
    const draw = (layer: number, i: number): number => uniform(4, Purpose.test, layer, i) - 0.5;
    const population = Array.from({ length: totalLayers }, (_, layer) =>
      Array.from(
        { length: totalGroups },
        (_, group) => 0.1 + 0.05 * draw(layer, 1000) + 0.04 * draw(100, group) + 0.01 * draw(layer, group),
      ),
    );
    const truth = droppedTokenShare(loadOf(population, totalGroups, totalLayers)).value;
    const trials = 2000;
    let variance = 0;
    let stated = 0;
    for (let trial = 0; trial < trials; trial++) {
      const pick = (of: number, wanted: number, key: number): number[] =>
        Array.from({ length: of }, (_, i) => ({ i, u: uniform(5, Purpose.test, key, trial * 100 + i) }))
          .sort((a, b) => a.u - b.u)
          .slice(0, wanted)
          .map(({ i }) => i);
      const groups = pick(totalGroups, 10, 1);
      const sample = pick(totalLayers, 6, 2).map((layer) => groups.map((group) => population[layer][group]));
      const { value, standardError } = droppedTokenShare(loadOf(sample, totalGroups, totalLayers));
      variance += (value - truth) ** 2 / trials;
      stated += standardError ** 2 / trials;
    }
    expect(stated / variance).toBeGreaterThan(0.85);
    expect(stated / variance).toBeLessThan(1.25);
  });

  it('states an error that the truth keeps to when every layer has groups of its own', () => {
    // Recordings stop early: layer i has the first groups of a random order, more in one layer than in the next.
    const totalGroups = 40;
    const recorded = [30, 12, 20, 6];
    const draw = (layer: number, i: number): number => uniform(6, Purpose.test, layer, i) - 0.5;
    const population = recorded.map((_, layer) =>
      Array.from({ length: totalGroups }, (_, group) => 0.1 + 0.04 * draw(100, group) + 0.03 * draw(layer, group)),
    );
    const truth = droppedTokenShare(loadOf(population, totalGroups, recorded.length)).value;
    const trials = 2000;
    let variance = 0;
    let stated = 0;
    for (let trial = 0; trial < trials; trial++) {
      const order = Array.from({ length: totalGroups }, (_, i) => ({ i, u: uniform(7, Purpose.test, 1, trial * 100 + i) }))
        .sort((a, b) => a.u - b.u)
        .map(({ i }) => i);
      const groups = recorded.map((count) => order.slice(0, count));
      const sample = groups.map((ofLayer, layer) => ofLayer.map((group) => population[layer][group]));
      const { value, standardError } = droppedTokenShare(loadOf(sample, totalGroups, recorded.length, groups));
      variance += (value - truth) ** 2 / trials;
      stated += standardError ** 2 / trials;
    }
    expect(stated / variance).toBeGreaterThan(0.9);
    expect(stated / variance).toBeLessThan(1.3);
  });

  it('is without error only when every layer is complete', () => {
    const complete = [0.1, 0.2, 0.3, 0.4];
    expect(droppedTokenShare(loadOf([complete, complete], 4, 2)).standardError).toBe(0);
    expect(droppedTokenShare(loadOf([complete, [0.1, 0.3]], 4, 2)).standardError).toBeGreaterThan(0);
    // Three and two of four groups, without a group in common: finite, and the two variances add up.
    const apart = droppedTokenShare(
      loadOf(
        [
          [0.1, 0.2, 0.3],
          [0.1, 0.3],
        ],
        8,
        2,
        [
          [0, 1, 2],
          [5, 7],
        ],
      ),
    );
    expect(apart.standardError).toBeCloseTo(Math.sqrt(((1 - 3 / 8) * 0.01) / 3 / 4 + ((1 - 2 / 8) * 0.02) / 2 / 4), 12);
  });

  it('does not claim an error that one layer or one group cannot show', () => {
    expect(droppedTokenShare(loadOf([[0.1, 0.2]], 4, 3)).standardError).toBeNaN();
    expect(droppedTokenShare(loadOf([[0.1]], 4, 1)).standardError).toBeNaN();
    expect(droppedTokenShare(loadOf([], 4, 3))).toEqual({ value: 0, standardError: 0 });
  });
});
