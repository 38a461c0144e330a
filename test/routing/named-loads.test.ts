import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawWords, Purpose, uniform } from '../../src/base/index.ts';
import { type LoadPlace, type LoadSizes, NAMED_LOADS, type NamedLoadKind, type OptionValues } from '../../src/routing/index.ts';

const KINDS = Object.keys(NAMED_LOADS) as NamedLoadKind[];
const SIZES: LoadSizes = { experts: 16, topK: 2, devices: 4, sources: 4 };
const TOKENS = 96;
const GROUPS = 32;
const LAYERS = 8;
/** Wide enough that none of the few thousand comparisons here fails by chance, narrow enough to see a wrong share. */
const DEVIATIONS = 5;

function defaultsOf(kind: NamedLoadKind): OptionValues {
  return Object.fromEntries(Object.entries(NAMED_LOADS[kind].options).map(([name, spec]) => [name, spec.default]));
}

function placeOf(group: number, layer: number, sizes: LoadSizes = SIZES, seed = 7, tokens = TOKENS): LoadPlace {
  const words = new Uint32Array(4);
  const shift = Math.floor(uniform(seed, Purpose.test, layer, 2 ** 30) * sizes.experts);
  return {
    ...sizes,
    tokens,
    group,
    groups: GROUPS,
    source: Math.floor((group * sizes.sources) / GROUPS),
    layer,
    order: Int32Array.from({ length: sizes.experts }, (_, i) => (sizes.experts - 1 - i + shift) % sizes.experts),
    layerDraw: uniform(seed, Purpose.test, layer, 2 ** 31),
    draw: (token, index) => {
      drawWords(words, { seed, purpose: Purpose.test, layer, token: group * tokens + token }, Math.floor(index / 4));
      return words[index % 4] / 2 ** 32;
    },
  };
}

/** Choices of all groups of one layer, group by group. */
function layerChoices(kind: NamedLoadKind, layer: number, options = defaultsOf(kind), sizes = SIZES, seed = 7): Int32Array[] {
  return Array.from({ length: GROUPS }, (_, group) => NAMED_LOADS[kind].choose(placeOf(group, layer, sizes, seed), options));
}

function countsOf(groups: readonly Int32Array[], experts = SIZES.experts): number[] {
  const counts = new Array<number>(experts).fill(0);
  for (const choices of groups) for (const expert of choices) if (expert >= 0) counts[expert]++;
  return counts;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Experts of a device of SIZES. */
const heldBy = (device: number): number[] => [0, 1, 2, 3].map((i) => 4 * device + i);

function expectEven(counts: readonly number[], among: readonly number[]): void {
  const own = among.map((expert) => counts[expert]);
  expect(Math.max(...own) - Math.min(...own)).toBeLessThanOrEqual(1);
}

/** `share` of the choices of `tokens` tokens fall on `hot`: the whole part of share * k for each token, and a Bernoulli draw for the rest. */
function expectShare(counts: readonly number[], hot: readonly number[], share: number, tokens: number, topK = SIZES.topK): void {
  const { experts } = SIZES;
  const chance = share * topK - Math.floor(share * topK);
  const found = sum(hot.map((expert) => counts[expert]));
  expect(Math.abs(found - share * topK * tokens)).toBeLessThanOrEqual(DEVIATIONS * Math.sqrt(tokens * chance * (1 - chance)) + 1e-6);
  const cold = Array.from({ length: experts }, (_, expert) => expert).filter((expert) => !hot.includes(expert));
  for (const [among, total] of [
    [hot, found],
    [cold, tokens * topK - found],
  ] as const) {
    // Each expert of a set has the same part; a token chooses it at most once.
    const part = total / among.length / tokens;
    const deviation = Math.sqrt(tokens * part * Math.max(0, 1 - part));
    for (const expert of among) expect(Math.abs(counts[expert] - part * tokens)).toBeLessThanOrEqual(DEVIATIONS * deviation + 1e-6);
  }
}

const N = TOKENS * GROUPS;

/** What each load promises of SIZES under its defaults. A named load that is not here does not compile. */
const PROMISES: Readonly<Record<NamedLoadKind, () => void>> = {
  balanced: () => {
    for (const choices of layerChoices('balanced', 0)) expectEven(countsOf([choices]), [...Array(16).keys()]);
    const odd = { experts: 7, topK: 3, devices: 1, sources: 1 };
    const uneven = layerChoices('balanced', 0, {}, odd);
    for (const choices of uneven) expectEven(countsOf([choices], 7), [...Array(7).keys()]);
    // Over groups, too, nothing adds up.
    expectEven(countsOf(uneven, 7), [...Array(7).keys()]);
  },
  'hot-expert': () => {
    for (const layer of [0, 5]) expectShare(countsOf(layerChoices('hot-expert', layer)), [0], 0.3, N);
    expectShare(countsOf(layerChoices('hot-expert', 0, { share: 0.5, expert: 9 })), [9], 0.5, N);
    for (const choices of layerChoices('hot-expert', 0)) {
      for (let row = 0; row < choices.length; row += 2) expect(choices[row + 1]).not.toBe(0);
    }
  },
  'hot-rank': () => {
    for (const layer of [0, 5]) expectShare(countsOf(layerChoices('hot-rank', layer)), heldBy(0), 0.3, N);
    expectShare(countsOf(layerChoices('hot-rank', 0, { share: 0.8, device: 3 })), heldBy(3), 0.8, N);
  },
  'spread-hot': () => {
    // As many experts as one device holds, one on each of the four devices.
    for (const layer of [0, 5]) expectShare(countsOf(layerChoices('spread-hot', layer)), [0, 4, 8, 12], 0.3, N);
  },
  'source-ragged': () => {
    for (const [fall, shares] of [
      ['linear', [1, 0.7, 0.4, 0.1]],
      ['factor', [1, 0.1 ** (1 / 3), 0.1 ** (2 / 3), 0.1]],
    ] as const) {
      const groups = layerChoices('source-ragged', 0, { least: 0.1, fall });
      const real = groups.map((choices) => choices.filter((expert) => expert >= 0).length / SIZES.topK);
      for (const [group, tokens] of real.entries()) {
        expect(tokens).toBe(Math.round(TOKENS * shares[Math.floor(group / 8)]));
        // Padding comes last.
        expect(groups[group].lastIndexOf(-1) === -1 ? groups[group].length : groups[group].indexOf(-1)).toBe(tokens * SIZES.topK);
      }
      expectShare(countsOf(groups), [], 0, sum(real));
    }
  },
  'zero-token-rank': () => {
    for (const device of [0, 2]) {
      for (const choices of layerChoices('zero-token-rank', 1, { device })) {
        const counts = countsOf([choices]);
        for (const expert of heldBy(device)) expect(counts[expert]).toBe(0);
        expectEven(counts, [0, 1, 2, 3].filter((other) => other !== device).flatMap(heldBy));
      }
    }
  },
  rotating: () => {
    for (let layer = 0; layer < LAYERS; layer++) {
      expectShare(countsOf(layerChoices('rotating', layer)), heldBy(layer % 4), 0.3, N);
      expectShare(countsOf(layerChoices('rotating', layer, { share: 0.3, of: 'expert', stride: 5 })), [(5 * layer) % 16], 0.3, N);
    }
  },
  burst: () => {
    for (let layer = 0; layer < LAYERS; layer++) {
      const groups = layerChoices('burst', layer);
      const hot = groups.filter((choices) => countsOf([choices])[0] > 20);
      expect(hot.length).toBe(layer % 4 === 0 ? GROUPS / 2 : 0);
      const calm = groups.filter((choices) => !hot.includes(choices));
      for (const choices of calm) expectEven(countsOf([choices]), [...Array(16).keys()]);
      if (hot.length === 0) continue;
      expectShare(countsOf(hot), [0], 0.3, TOKENS * hot.length);
      // One run of neighbours, the last group being the first one's.
      const starts = groups.filter((choices, group) => hot.includes(choices) && !hot.includes(groups[(group + GROUPS - 1) % GROUPS]));
      expect(starts.length).toBe(1);
    }
    const device = layerChoices('burst', 0, { ...defaultsOf('burst'), of: 'device', at: 2, groupShare: 1 });
    expectShare(countsOf(device), heldBy(2), 0.3, N);
  },
};

describe('named loads', () => {
  it.each(KINDS)('%s keeps its promise', (kind) => PROMISES[kind]());

  it.each(KINDS)('%s gives a token different experts that exist, or none at all', (kind) => {
    const sizes = fc.record({
      devices: fc.integer({ min: 1, max: 8 }),
      perDevice: fc.integer({ min: 1, max: 6 }),
      topK: fc.integer({ min: 1, max: 6 }),
    });
    const option = fc.double({ min: 0, max: 1, noNaN: true });
    let kept = 0;
    fc.assert(
      fc.property(sizes, option, fc.nat(LAYERS), fc.nat(GROUPS - 1), ({ devices, perDevice, topK }, share, layer, group) => {
        const own: LoadSizes = { experts: devices * perDevice, topK, devices, sources: devices };
        fc.pre(topK <= own.experts);
        const options = { ...defaultsOf(kind), ...('share' in defaultsOf(kind) ? { share } : {}) };
        if (NAMED_LOADS[kind].misfit(own, options) !== null) return;
        kept++;
        const choices = NAMED_LOADS[kind].choose(placeOf(group, layer, own, 3, 17), options);
        expect(choices.length).toBe(17 * topK);
        for (let token = 0; token < 17; token++) {
          const chosen = choices.subarray(token * topK, (token + 1) * topK);
          if (chosen.every((expert) => expert === -1)) continue;
          expect(new Set(chosen).size).toBe(topK);
          expect(chosen.every((expert) => expert >= 0 && expert < own.experts)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
    expect(kept).toBeGreaterThan(30);
  });

  it.each(KINDS)('%s is the same every time, and another one under another seed', (kind) => {
    const all = (seed: number) => [0, 1].flatMap((layer) => layerChoices(kind, layer, defaultsOf(kind), SIZES, seed));
    expect(all(7)).toEqual(all(7));
    expect(all(7)).not.toEqual(all(8));
  });

  const options = KINDS.flatMap((kind) => Object.keys(NAMED_LOADS[kind].options).map((name) => [kind, name] as const));

  it.each(options)('%s: its option %s does something', (kind, name) => {
    const spec = NAMED_LOADS[kind].options[name];
    const other =
      spec.kind === 'word'
        ? spec.words.find((word) => word !== spec.default)
        : spec.kind === 'number'
          ? spec.default + (spec.whole ? 1 : 0.1)
          : !spec.default;
    const under = (values: OptionValues) => Array.from({ length: LAYERS }, (_, layer) => layerChoices(kind, layer, values)).flat();
    expect(under({ ...defaultsOf(kind), [name]: other ?? '' })).not.toEqual(under(defaultsOf(kind)));
  });
});

/** Experts of rank `rank` alone, group by group, as one list of choices each. */
function rankOf(groups: readonly Int32Array[], rank: number, topK: number): Int32Array[] {
  return groups.map((choices) => choices.filter((_, at) => at % topK === rank));
}

describe('a load in turns', () => {
  it.each([
    [16, 2],
    [8, 8],
    [8, 6],
    [12, 8],
    [7, 3],
    [6, 1],
  ])('spreads %i experts evenly over choices of each of %i ranks, in every group and over all', (experts, topK) => {
    const sizes = { experts, topK, devices: 2, sources: 2 };
    const all = [...Array(experts).keys()];
    for (const layer of [0, 3]) {
      const groups = layerChoices('balanced', layer, {}, sizes);
      for (const choices of groups) expectEven(countsOf([choices], experts), all);
      for (let rank = 0; rank < topK; rank++) {
        const own = rankOf(groups, rank, topK);
        for (const choices of own) expectEven(countsOf([choices], experts), all);
        expectEven(countsOf(own, experts), all);
      }
    }
  });

  it('leaves a device without tokens and the others with as many first choices', () => {
    const groups = rankOf(layerChoices('zero-token-rank', 0, { device: 1 }), 0, SIZES.topK);
    for (const choices of groups) {
      expectEven(
        countsOf([choices]),
        [0, 8, 12].flatMap((first) => [0, 1, 2, 3].map((i) => first + i)),
      );
    }
  });
});

describe('a named load that cannot keep its promise', () => {
  const misfit = (kind: NamedLoadKind, sizes: Partial<LoadSizes>, values: OptionValues) =>
    NAMED_LOADS[kind].misfit({ ...SIZES, ...sizes }, { ...defaultsOf(kind), ...values });

  it.each([
    ['hot-expert', {}, { expert: 16 }, 'expert', 'below 16'],
    ['hot-expert', {}, { share: 0.51 }, 'share', '1/2 of the choices'],
    ['hot-expert', { experts: 3, topK: 3 }, { share: 0.1 }, 'share', 'left for 2 other experts'],
    ['hot-rank', {}, { device: 4 }, 'device', 'below 4'],
    ['hot-rank', { topK: 8 }, { share: 0.6 }, 'share', '4/8 of the choices'],
    ['hot-expert', { experts: 1, topK: 1, devices: 2 }, { share: 0.1 }, 'share', '1 choice of a token is left for 0 other experts'],
    ['hot-rank', { devices: 1 }, { share: 0.3 }, 'share', 'holds all experts'],
    ['spread-hot', { devices: 1 }, { share: 0.3 }, 'share', 'holds all experts'],
    ['rotating', { devices: 1 }, {}, 'share', 'holds all experts'],
    ['burst', { devices: 1 }, { of: 'device' }, 'share', 'holds all experts'],
    ['source-ragged', { sources: 1 }, {}, 'least', 'one device'],
    ['spread-hot', { topK: 8 }, { share: 0.6 }, 'share', '4/8 of the choices'],
    ['zero-token-rank', {}, { device: 9 }, 'device', 'below 4'],
    ['zero-token-rank', { devices: 1 }, {}, 'device', 'leaves 0 experts'],
    ['rotating', { topK: 4 }, { of: 'expert', share: 0.3 }, 'share', '1/4 of the choices'],
    ['burst', {}, { of: 'device', at: 4 }, 'at', 'below 4, the devices'],
    ['burst', {}, { share: 0.6 }, 'share', '1/2 of the choices'],
  ] as const)('%s under %j with %j names %s', (kind, sizes, values, option, rule) => {
    const found = misfit(kind, sizes, values);
    expect(found?.option).toBe(option);
    expect(found?.rule).toContain(rule);
    expect(found?.remedy).not.toBe('');
  });

  it('keeps it up to the bound itself', () => {
    expect(misfit('hot-expert', {}, { share: 0.5 })).toBeNull();
    expect(misfit('hot-rank', { topK: 8 }, { share: 0.5 })).toBeNull();
    // 0.1 * 30 is not 3 in floating point.
    expect(misfit('hot-rank', { experts: 120, devices: 40, topK: 30 }, { share: 0.1 })).toBeNull();
  });
});
