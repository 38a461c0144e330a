import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawWords, Purpose } from '../../src/base/index.ts';
import { fillRouterWeights, ROUTER_INIT_SCALE } from '../../src/emulate/router-weights.ts';
import { clusterOf, type TokenLaw, zipfCumulative } from '../../src/emulate/tokens.ts';
import { bf16Value, fillNoise, lookUpNoise, noiseLevels, noiseWords } from '../../src/kernels/index.ts';
import { CLUSTERS } from '../../src/scenario/index.ts';
import { tokenBits } from './support.ts';

describe('noise', () => {
  it('is the words of base/ random numbers, for any key', () => {
    const word = fc.nat(0xffffffff);
    fc.assert(
      fc.property(word, fc.constantFrom(...Object.values(Purpose)), fc.nat(0x1ffff), fc.nat(2 ** 40), (seed, purpose, layer, token) => {
        const words = noiseWords(3 * 16);
        fillNoise(words, seed, purpose, layer, token);
        const expected = new Uint32Array(4);
        for (let block = 0; block < 3; block++) {
          drawWords(expected, { seed, purpose, layer, token }, block);
          expect(Array.from(words.subarray(4 * block, 4 * block + 4))).toEqual(Array.from(expected));
        }
      }),
    );
  });

  it('has levels of mean 0 and the deviation asked for', () => {
    for (const deviation of [1, 0.3]) {
      const levels = Array.from(noiseLevels(deviation));
      expect(levels.reduce((sum, x) => sum + x, 0) / levels.length).toBeCloseTo(0, 12);
      expect(levels.reduce((sum, x) => sum + x * x, 0) / levels.length).toBeCloseTo(deviation * deviation, 6);
    }
  });

  it('looks every byte up in order, also where a row ends within a word', () => {
    const words = Uint32Array.from([0x04030201, 0x08070605]);
    const levels = Float32Array.from({ length: 256 }, (_, i) => i);
    for (const length of [8, 7, 6, 5, 4, 1]) {
      const target = new Float32Array(length);
      lookUpNoise(words, levels, target);
      expect(Array.from(target)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].slice(0, length));
    }
  });
});

/** [count, dModel] of tokens as numbers. */
function tokensOf(law: TokenLaw, first: number, count: number): Float64Array {
  return Float64Array.from(tokenBits(law, first, count), bf16Value);
}

describe('tokens', () => {
  it.each([0, 0.3, 0.9])('have components of mean 0 and variance 1 at clustering %s', (clustering) => {
    // Clustered tokens share few centres, so the sample is effectively smaller; the bounds are about five standard errors.
    const values = tokensOf({ seed: 3, stack: 0, clustering, dModel: 256 }, 0, 4096);
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const variance = values.reduce((sum, x) => sum + x * x, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.1 * clustering + 0.005);
    expect(Math.abs(variance - 1)).toBeLessThan(0.1 * clustering + 0.005);
  });

  it('depend on their global index alone, not on the range that is asked for', () => {
    const law = { seed: 5, stack: 1, clustering: 0.4, dModel: 24 };
    const all = tokensOf(law, 0, 40);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 39 }), fc.integer({ min: 1, max: 8 }), (first, wanted) => {
        const count = Math.min(wanted, 40 - first);
        expect(tokensOf(law, first, count)).toEqual(all.slice(first * law.dModel, (first + count) * law.dModel));
      }),
      { numRuns: 20 },
    );
    expect(tokensOf({ ...law, stack: 0 }, 0, 40)).not.toEqual(all);
    expect(tokensOf({ ...law, seed: 6 }, 0, 40)).not.toEqual(all);
  });

  it('of one cluster share the stated part of their variance', () => {
    const law = { seed: 9, stack: 0, clustering: 0.6, dModel: 512 };
    const cumulative = zipfCumulative(CLUSTERS, 1);
    const count = 64;
    const values = tokensOf(law, 0, count);
    const clusters = Array.from({ length: count }, (_, token) => clusterOf(law, cumulative, token));
    let pairs = 0;
    for (let a = 0; a < count; a++) {
      for (let b = a + 1; b < count; b++) {
        let product = 0;
        for (let i = 0; i < law.dModel; i++) product += (values[a * law.dModel + i] * values[b * law.dModel + i]) / law.dModel;
        expect(Math.abs(product - (clusters[a] === clusters[b] ? law.clustering : 0))).toBeLessThan(0.25);
        if (clusters[a] === clusters[b]) pairs++;
      }
    }
    expect(pairs).toBeGreaterThan(10);
  });

  it('choose clusters by a Zipf law', () => {
    const law = { seed: 1, stack: 0, clustering: 0.5, dModel: 8 };
    const cumulative = zipfCumulative(CLUSTERS, 1);
    const tokens = 20000;
    const frequency = new Float64Array(CLUSTERS);
    for (let token = 0; token < tokens; token++) frequency[clusterOf(law, cumulative, token)]++;
    const harmonic = Array.from({ length: CLUSTERS }, (_, i) => 1 / (i + 1)).reduce((sum, x) => sum + x, 0);
    for (const rank of [1, 2, 4, 8]) {
      const share = 1 / (rank * harmonic);
      expect(Math.abs(frequency[rank - 1] / tokens - share)).toBeLessThan(4.5 * Math.sqrt((share * (1 - share)) / tokens));
    }
    expect(Array.from(zipfCumulative(4, 0))).toEqual([0.25, 0.5, 0.75, 1]);
    expect(zipfCumulative(2, 2)[0]).toBeCloseTo(0.8, 12);
  });
});

describe('router weights', () => {
  it.each([
    { dModel: 24, experts: 10 },
    { dModel: 16, experts: 40 },
  ])('have orthogonal columns of squared length 0.1, in blocks of dModel ($dModel x $experts)', ({ dModel, experts }) => {
    const width = experts + 5;
    const weights = new Float32Array(dModel * width).fill(99);
    fillRouterWeights(weights, width, 3, { dModel, experts }, 11, 2);
    for (let a = 0; a < experts; a++) {
      for (let b = 0; b <= a; b++) {
        if (Math.floor(a / dModel) !== Math.floor(b / dModel)) continue;
        let product = 0;
        for (let k = 0; k < dModel; k++) product += weights[k * width + 3 + a] * weights[k * width + 3 + b];
        expect(product).toBeCloseTo(a === b ? ROUTER_INIT_SCALE : 0, 6);
      }
    }
    // The neighbours' columns are left alone.
    for (let k = 0; k < dModel; k++) expect([weights[k * width + 2], weights[k * width + 3 + experts]]).toEqual([99, 99]);
  });
});
