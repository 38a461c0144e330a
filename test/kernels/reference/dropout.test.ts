import { describe, expect, it } from 'vitest';
import {
  BF16,
  type DropoutOptions,
  dropout,
  dropoutBackward,
  expertDropout,
  expertDropoutBackward,
  F32,
  F64,
  type Numerics,
  type Reals,
} from '../../../src/kernels/index.ts';
import { checkGradients } from './gradient-check.ts';
import { expectBf16, randomReals, stored } from './tensors.ts';

const OPTIONS: DropoutOptions = { rate: 0.25, seed: 5, step: 3, layer: 2, site: 1 };
const EXPERT = { rate: 0.4, seed: 5, step: 3, layer: 2 };
const COLUMNS = 30;

/** Row-wise dropouts in one form: [rows, 30] of ones, or of x. */
type Drop = (numerics: Numerics, tokens: readonly number[], x?: Reals) => Reals;

const forms: readonly [string, number, Drop, (tokens: readonly number[], dy: Reals, dx: Reals) => void][] = [
  [
    'dropout',
    OPTIONS.rate,
    (numerics, tokens, x = ones(tokens)) => {
      const y = numerics.zeros(x.length).fill(Number.NaN);
      dropout(numerics, { rows: tokens.length, columns: COLUMNS }, OPTIONS, tokens, x, y);
      return y;
    },
    (tokens, dy, dx) => dropoutBackward(F64, { rows: tokens.length, columns: COLUMNS }, OPTIONS, tokens, dy, dx),
  ],
  [
    'expert dropout',
    EXPERT.rate,
    (numerics, tokens, x = ones(tokens)) => {
      const y = numerics.zeros(x.length).fill(Number.NaN);
      expertDropout(numerics, { rows: tokens.length, columns: COLUMNS, expert: 6 }, EXPERT, tokens, x, y);
      return y;
    },
    (tokens, dy, dx) => expertDropoutBackward(F64, { rows: tokens.length, columns: COLUMNS, expert: 6 }, EXPERT, tokens, dy, dx),
  ],
];

function ones(tokens: readonly number[]): Reals {
  return new Float64Array(tokens.length * COLUMNS).fill(1);
}

const rowOf = (tensor: Reals, row: number): number[] => Array.from(tensor.subarray(row * COLUMNS, (row + 1) * COLUMNS));

describe.each(forms)('%s', (_, rate, drop, backward) => {
  it('drops the stated share and scales up what stays', () => {
    const tokens = Array.from({ length: 400 }, (_, row) => row);
    const y = drop(F64, tokens);
    expect(new Set(y)).toEqual(new Set([0, 1 / (1 - rate)]));
    const dropped = y.filter((value) => value === 0).length / y.length;
    // Five standard deviations of a mean of 12,000 draws.
    expect(Math.abs(dropped - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / y.length));
  });

  it('has the same mask for a token in any shard and order', () => {
    const whole = drop(F32, [10, 11, 12, 2 ** 40 + 1]);
    const part = drop(F32, [2 ** 40 + 1, 11]);
    expect(rowOf(part, 0)).toEqual(rowOf(whole, 3));
    expect(rowOf(part, 1)).toEqual(rowOf(whole, 1));
    expect(rowOf(whole, 0)).not.toEqual(rowOf(whole, 1));
    // A token beyond 2^32 is not the one that has its low bits.
    expect(rowOf(drop(F32, [1]), 0)).not.toEqual(rowOf(whole, 3));
  });

  it('has the same mask in every arithmetic, and hands on bf16 numbers', () => {
    const tokens = [3, 4];
    const x = stored(BF16, randomReals(1, 60));
    const [exact, f32, bf16] = [F64, F32, BF16].map((numerics) => drop(numerics, tokens, x));
    expect(f32).toEqual(Float32Array.from(exact, (_, i) => (exact[i] === 0 ? 0 : x[i] / Math.fround(1 - rate))));
    expect(bf16).toEqual(stored(BF16, f32));
    expectBf16(bf16);
  });

  it('gives an empty slot 0', () => {
    expect(rowOf(drop(F32, [-1, 5]), 0).every((value) => value === 0)).toBe(true);
  });

  it('has the gradient of its sum', () => {
    const tokens = [7, 300];
    const x = randomReals(2, 60);
    const count = checkGradients({
      inputs: { x },
      outputs: 60,
      forward: (y) => y.set(drop(F64, tokens, x)),
      backward: (dy, gradients) => backward(tokens, dy, gradients.x),
    });
    expect(count).toBe(drop(F64, tokens, x).filter((value) => value !== 0).length);
  });
});

describe('masks', () => {
  const tokens = [0, 1, 2];
  const of = (changes: Partial<DropoutOptions>): number[] => {
    const y = F32.zeros(90);
    dropout(F32, { rows: 3, columns: COLUMNS }, { ...OPTIONS, rate: 0.4, ...changes }, tokens, ones(tokens), y);
    return Array.from(y);
  };
  const ofExpert = (expert: number): number[] => {
    const y = F32.zeros(90);
    expertDropout(F32, { rows: 3, columns: COLUMNS, expert }, EXPERT, tokens, ones(tokens), y);
    return Array.from(y);
  };

  it('differ between steps, layers, seeds, sites, experts and purposes', () => {
    const masks = [of({}), of({ step: 4 }), of({ layer: 3 }), of({ seed: 6 }), of({ site: 2 }), ofExpert(0), ofExpert(1), ofExpert(2)];
    expect(new Set(masks.map(String)).size).toBe(masks.length);
    expect(of({})).toEqual(of({}));
  });

  it('of a narrower row begin a wider one', () => {
    const y = F32.zeros(4);
    dropout(F32, { rows: 1, columns: 4 }, { ...OPTIONS, rate: 0.4 }, [0], F32.zeros(4).fill(1), y);
    expect(Array.from(y)).toEqual(of({}).slice(0, 4));
  });

  it('drop nothing at rate 0', () => {
    expect(of({ rate: 0 }).every((value) => value === 1)).toBe(true);
  });

  it('are refused at rates that leave nothing, at sites that overlap and for rows without token', () => {
    expect(() => of({ rate: 1 })).toThrow('dropout: rate must be at least 0 and below 1, or nothing is left to scale up, is 1');
    expect(() => of({ rate: Number.NaN })).toThrow('dropout: rate');
    expect(() => of({ site: 256 })).toThrow('dropout: site must be below 256, is 256');
    const shape = { rows: 2, columns: 1, expert: 0 };
    expect(() => expertDropout(F32, shape, EXPERT, [1], F32.zeros(2), F32.zeros(2))).toThrow(
      'expertDropout: tokens must be one for each of 2 rows, is 1',
    );
    expect(() => expertDropoutBackward(F32, shape, EXPERT, [1, 2], F32.zeros(2), F32.zeros(3))).toThrow(
      'expertDropoutBackward: dHidden must have 2 elements (2 rows x 1), has 3',
    );
  });
});
