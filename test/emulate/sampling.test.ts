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
function loadOf(shares: readonly (readonly number[])[], totalGroups: number, totalLayers: number): Load {
  const template = { stack: 'encoder', groupTokens: 100 } as LayerLoad;
  const layers = shares.map((byGroup, layer) => ({
    ...template,
    layer,
    groups: byGroup.length,
    totalGroups,
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

  it('does not claim an error that one layer or one group cannot show', () => {
    expect(droppedTokenShare(loadOf([[0.1, 0.2]], 4, 3)).standardError).toBeNaN();
    expect(droppedTokenShare(loadOf([[0.1]], 4, 1)).standardError).toBeNaN();
    expect(droppedTokenShare(loadOf([], 4, 3))).toEqual({ value: 0, standardError: 0 });
  });
});
