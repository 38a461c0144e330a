import { describe, expect, it } from 'vitest';
import {
  BF16,
  bf16Bits,
  bf16FromF32Bits,
  bf16Value,
  F32,
  linear,
  type Numerics,
  roundArrayToBf16,
  roundToBf16,
  widenBf16,
} from '../../src/kernels/index.ts';
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

  it('agrees with every special row that is no NaN, taken alone', () => {
    const rows = vectors.special.filter((row) => !row.nan);
    expect(rows.length).toBeGreaterThan(16);
    const floats = new Float32Array(Uint32Array.from(rows.map((row) => row.f32)).buffer);
    for (const [i, row] of rows.entries()) {
      expect(bf16FromF32Bits(row.f32), row.why).toBe(row.bf16);
      expect(bf16Bits(floats[i]), row.why).toBe(row.bf16);
      expect(roundToBf16(floats[i]), row.why).toBe(bf16Value(row.bf16));
      expect(BF16.store(floats[i]), row.why).toBe(bf16Value(row.bf16));
    }
  });

  it('takes ties between any two neighbours to the even one, and what is next to a tie to the nearer one', () => {
    let ties = 0;
    for (const sign of [0, 0x8000]) {
      // The neighbour above the largest number is infinity, and the numbers below 2^-126 are subnormal.
      for (let bits = sign; bits < (sign | 0x7f80); bits++) {
        const even = bits % 2 === 0 ? bits : bits + 1;
        const middle = ((bits << 16) | 0x8000) >>> 0;
        const results = [middle, middle - 1, middle + 1, middle - 0x7fff, middle + 0x7fff].map(bf16FromF32Bits);
        if (results.join() !== [even, bits, bits + 1, bits, bits + 1].join()) expect.fail(`about ${middle}: ${results.join()}`);
        ties += 1;
      }
    }
    expect(ties).toBe(2 * 32_640);
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

interface Dots {
  readonly rows: readonly {
    readonly a_bits: readonly number[];
    readonly b_bits: readonly number[];
    readonly f32_sequential_bits: number;
    readonly bf16_sequential_bits: number;
  }[];
}

describe('golden dot products of bf16', () => {
  const { rows } = readVectors<Dots>('bf16_dot.json');
  const shape = { rows: 1, inputs: rows[0].a_bits.length, outputs: 1 };
  const dot = (numerics: Numerics, row: Dots['rows'][number]): number => {
    const y = numerics.zeros(1);
    const x = Float32Array.from(row.a_bits, bf16Value);
    linear(numerics, shape, { x, weight: Float32Array.from(row.b_bits, bf16Value), bias: null }, y);
    return y[0];
  };

  it('are sums in f32, in the arithmetic of f32 and before the one rounding of bf16', () => {
    expect(rows.length).toBeGreaterThan(10);
    for (const row of rows) {
      const sum = new Float32Array(Uint32Array.of(row.f32_sequential_bits).buffer)[0];
      expect(dot(F32, row)).toBe(sum);
      expect(dot(BF16, row)).toBe(roundToBf16(sum));
    }
  });

  it('tell a sum in f32 from a sum in bf16', () => {
    const wrong: Numerics = { ...BF16, round: roundToBf16 };
    for (const row of rows) expect(bf16Bits(dot(wrong, row))).toBe(row.bf16_sequential_bits);
    expect(rows.filter((row) => dot(wrong, row) !== dot(BF16, row)).length).toBeGreaterThan(rows.length / 2);
  });
});
