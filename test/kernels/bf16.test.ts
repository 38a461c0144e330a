import { describe, expect, it } from 'vitest';
import { bf16Bits, bf16Value, roundArrayToBf16, roundToBf16, widenBf16 } from '../../src/kernels/index.ts';
import { readVectors } from './support.ts';

interface Vectors {
  readonly special: readonly { readonly f32: number; readonly bf16: number; readonly why: string; readonly nan: boolean }[];
  readonly random: readonly (readonly [number, number])[];
  readonly ties: readonly (readonly [number, number])[];
}

const vectors = readVectors<Vectors>('bf16.json');

function rounded(f32Bits: readonly number[]): Uint16Array {
  const target = new Uint16Array(f32Bits.length);
  roundArrayToBf16(new Float32Array(Uint32Array.from(f32Bits).buffer), target);
  return target;
}

describe('rounding to bf16', () => {
  it('agrees with every golden vector', () => {
    const rows = [
      ...vectors.random,
      ...vectors.ties,
      ...vectors.special.filter((row) => !row.nan).map((row) => [row.f32, row.bf16] as const),
    ];
    expect(rows.length).toBeGreaterThan(700);
    expect(Array.from(rounded(rows.map(([f32]) => f32)))).toEqual(rows.map(([, bf16]) => bf16));
  });

  it('keeps NaN a quiet NaN of the same sign, also when its payload lies in the lost bits', () => {
    const rows = vectors.special.filter((row) => row.nan);
    expect(rows.length).toBeGreaterThan(0);
    const results = rounded(rows.map((row) => row.f32));
    for (const [i, row] of rows.entries()) {
      expect(results[i] & 0x7fc0, row.why).toBe(0x7fc0);
      expect(results[i] >>> 15).toBe(row.f32 >>> 31);
    }
  });

  it('gives the same bits number by number as array by array', () => {
    const numbers = new Float32Array(Uint32Array.from(vectors.random.map(([f32]) => f32)).buffer);
    const bits = rounded(vectors.random.map(([f32]) => f32));
    expect(Array.from(numbers, bf16Bits)).toEqual(Array.from(bits));
  });

  it('widens every one of the 65,536 patterns to a number that rounds back to it', () => {
    const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
    const wide = new Float32Array(all.length);
    widenBf16(all, wide);
    const back = new Uint16Array(all.length);
    roundArrayToBf16(wide, back);
    for (let bits = 0; bits < all.length; bits++) {
      const signalling = (bits & 0x7fff) > 0x7f80 && (bits & 0x40) === 0;
      if (back[bits] !== (signalling ? bits | 0x40 : bits)) expect.fail(`${bits} came back as ${back[bits]}`);
      if (!Object.is(bf16Value(bits), wide[bits])) expect.fail(`${bits} widens to ${wide[bits]} and ${bf16Value(bits)}`);
    }
  });

  it('takes the nearer of the two neighbours', () => {
    expect(roundToBf16(1 + 2 ** -8)).toBe(1);
    expect(roundToBf16(1 + 3 * 2 ** -8)).toBe(1 + 2 ** -6);
    expect(roundToBf16(3.4e38)).toBe(Number.POSITIVE_INFINITY);
    expect(roundToBf16(2 ** -133)).toBe(2 ** -133);
  });
});
