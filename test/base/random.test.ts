import { expect, test } from 'vitest';
import { drawWords, Purpose, philox, type StreamKey, uniform } from '../../src/base/index.ts';

const words = (...input: [number, number, number, number, number, number]) => {
  const out = new Uint32Array(4);
  philox(out, ...input);
  return [...out].map((word) => word.toString(16).padStart(8, '0'));
};

// Known answers of Philox4x32-10: DEShawResearch/random123, tests/kat_vectors (read 2026-11).
test('key and counter all zero', () => {
  expect(words(0, 0, 0, 0, 0, 0)).toEqual(['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']);
});

test('key and counter all ones', () => {
  expect(words(-1, -1, -1, -1, -1, -1)).toEqual(['408f276d', '41c83b0e', 'a20bc7c6', '6d5451fd']);
});

test('key and counter from the digits of pi', () => {
  const [c0, c1, c2, c3, k0, k1] = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0];
  expect(words(k0, k1, c0, c1, c2, c3)).toEqual(['d16cfe09', '94fdcceb', '5001e420', '24126ea1']);
});

test('a draw depends on its key alone: seed, purpose, layer and token all matter, and so does a token beyond 32 bits', () => {
  const key: StreamKey = { seed: 7, purpose: Purpose.test, layer: 3, token: 5 };
  const draw = (change: Partial<StreamKey>, block = 0) => {
    const out = new Uint32Array(4);
    drawWords(out, { ...key, ...change }, block);
    return [...out].join(' ');
  };
  const draws = [
    draw({}),
    draw({ seed: 8 }),
    draw({ purpose: Purpose.sample }),
    draw({ layer: 4 }),
    draw({ step: 1 }),
    draw({ token: 6 }),
    draw({ token: 5 + 2 ** 32 }),
    draw({}, 1),
  ];
  expect(new Set(draws).size).toBe(draws.length);
  expect(draw({})).toBe(draws[0]);
});

test('uniform numbers fill [0, 1): sixteen bins of 4,096 draws each, chi-square below its 99.9 % point', () => {
  const bins = new Array(16).fill(0);
  const draws = 16 * 4096;
  for (let token = 0; token < draws; token++) bins[Math.floor(16 * uniform(1, Purpose.test, 0, token))]++;
  const expected = draws / 16;
  const chiSquare = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 15 degrees of freedom.
  expect(chiSquare).toBeLessThan(37.7);
});

test('a step beyond the bits of its key is refused, and the last one is no other', () => {
  const out = new Uint32Array(4);
  const draw = (step: number): string => {
    drawWords(out, { seed: 7, purpose: Purpose.test, step, layer: 3, token: 5 }, 0);
    return [...out].join(' ');
  };
  expect(new Set([0, 1, 2 ** 23, 2 ** 24 - 1].map(draw)).size).toBe(4);
  for (const step of [2 ** 24, -1, Number.NaN])
    expect(() => draw(step)).toThrow(`drawWords: step must be at least 0 and below 16777216, is ${step}`);
});
