import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildTopology, checkWires, chipCount, MAX_CHIPS, twistOf } from '../../src/hardware/index.ts';
import { hopsFrom } from './distances.ts';

const SPEED = { devicesPerChip: 1, linkBytesPerSecond: 1e9, hopLatencySeconds: 1e-6, localBytesPerSecond: 1e11 };
const open = (...shape: number[]) => ({ shape, wrap: shape.map(() => false), slices: 1 });
const closed = (...shape: number[]) => ({ shape, wrap: shape.map(() => true), slices: 1 });

const anyWires = fc
  .tuple(
    fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
    fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    fc.boolean(),
  )
  .map(([shape, wraps, twisted]) => ({ shape, wrap: wraps.slice(0, shape.length), twisted, slices: 1 }));

/** Pairs of chips, neighbours or not, inside or just outside. */
const pairs = (chips: number) =>
  fc.array(fc.tuple(fc.integer({ min: 0, max: chips }), fc.integer({ min: 0, max: chips })), { maxLength: 5 });

describe('what passes can be built, and what cannot be built does not pass', () => {
  test('for any sides, wraps, twist and broken links', () => {
    let passed = 0;
    let refused = 0;
    fc.assert(
      fc.property(
        anyWires.chain((wires) => pairs(chipCount(wires.shape)).map((brokenLinks) => ({ ...wires, brokenLinks }))),
        (wires) => {
          const issues = checkWires(wires);
          const { shape, wrap, twisted, brokenLinks } = wires;
          const hasTwist = twistOf(shape) !== null && wrap.every(Boolean);
          if (twisted && !hasTwist) {
            expect(issues.map(({ code }) => code)).toEqual(['E_TWIST']);
            return;
          }
          const twist = twisted ? (twistOf(shape) ?? undefined) : undefined;
          const whole = buildTopology({ shape, wrap, twist, ...SPEED }, 'test', 'none');
          const joined = (a: number, b: number) => whole.links.from.some((from, row) => from === a && whole.links.to[row] === b);
          const named = new Set(brokenLinks.map(([a, b]) => `${Math.min(a, b)} ${Math.max(a, b)}`));
          const exist = named.size === brokenLinks.length && brokenLinks.every(([a, b]) => joined(a, b));
          if (!exist) {
            refused++;
            expect(issues.length).toBeGreaterThan(0);
            expect(issues.every(({ code }) => code === 'E_LINK')).toBe(true);
            return;
          }
          passed++;
          const left = buildTopology({ shape, wrap, twist, brokenLinks, ...SPEED }, 'test', 'none');
          const cut = hopsFrom(left, 0).includes(-1);
          expect(issues.map(({ code }) => code)).toEqual(cut ? ['E_LINKS_CUT'] : []);
        },
      ),
      { seed: 61, numRuns: 400 },
    );
    expect([passed > 50, refused > 50]).toEqual([true, true]);
  });
});

describe('refusals say value, rule and remedy', () => {
  test.each([
    ['a wrap of the wrong length', { ...open(4, 4), wrap: [true] }, 'E_WRAP topology.wrap [true]', /each of the 2 sides of 4x4/],
    ['no slice', { ...open(4, 4), slices: 0 }, 'E_SLICES topology.slices 0', /whole number of slices from 1/],
    ['half a slice', { ...open(4, 4), slices: 1.5 }, 'E_SLICES topology.slices 1.5', /whole number of slices/],
    ['too many slices', { ...open(64, 64, 64), slices: 5 }, 'E_SLICES topology.slices 5', /from 1 to 4:/],
    ['too many chips', open(1024, 1024, 2), 'E_SLICES topology 1024x1024x2', new RegExp(String(MAX_CHIPS))],
    ['a twist of a cube', { ...closed(4, 4, 4), twisted: true }, 'E_TWIST topology.twisted 4x4x4_twisted', /n and 2n/],
    ['a twist with open sides', { ...open(4, 4, 8), twisted: true }, 'E_TWIST topology.twisted 4x4x8_twisted', /3 of 3 sides are open/],
    ['chips far apart', { ...open(4, 4), brokenLinks: [[0, 5]] }, 'E_LINK topology.brokenLinks[0] [0, 5]', /0 has wires to 1, 4/],
    ['a chip and itself', { ...closed(4, 4), brokenLinks: [[3, 3]] }, 'E_LINK topology.brokenLinks[0] [3, 3]', /no wire joins/],
    ['a chip outside', { ...open(4, 4), brokenLinks: [[15, 16]] }, 'E_LINK topology.brokenLinks[0] [15, 16]', /0 to 15/],
    [
      'a wire named twice',
      { ...open(4, 4), brokenLinks: [[0, 1]], slowLinks: [{ between: [1, 0], factor: 2 }] },
      'E_LINK topology.slowLinks[0] [1, 0]',
      /named once/,
    ],
    [
      'a slow wire that is fast',
      { ...open(4, 4), slowLinks: [{ between: [0, 1], factor: 0.5 }] },
      'E_LINK topology.slowLinks[0] [0, 1]',
      /at least 1/,
    ],
    [
      'a corner that is cut off',
      {
        ...open(4, 4),
        brokenLinks: [
          [0, 1],
          [0, 4],
        ],
      },
      'E_LINKS_CUT topology.brokenLinks [[0,1],[0,4]]',
      /cut off 1 of 16 chips/,
    ],
    [
      'two corners',
      {
        ...open(3, 3),
        brokenLinks: [
          [0, 1],
          [0, 3],
          [8, 7],
          [8, 5],
        ],
      },
      'E_LINKS_CUT topology.brokenLinks [[0,1],[0,3],[8,7],[8,5]]',
      /cut off 2 of 9 chips/,
    ],
    [
      'the second of two rings',
      {
        ...closed(4),
        slices: 2,
        brokenLinks: [
          [4, 5],
          [6, 7],
        ],
      },
      'E_LINKS_CUT topology.brokenLinks [[4,5],[6,7]]',
      /cut off 2 of 8 chips/,
    ],
  ] as const)('%s', (_, wires, expected, rule) => {
    const issues = checkWires(wires);
    expect(issues.map(({ code, path, value }) => `${code} ${path} ${value}`)).toEqual([expected]);
    expect(issues[0].rule).toMatch(rule);
    expect(issues[0].remedy.length).toBeGreaterThan(10);
  });
});
