import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBlockedGemm } from '../../src/kernels/blocked-gemm.ts';
import { STORE } from '../../src/kernels/index.ts';
import { openEpilogue } from '../../src/kernels/plain/epilogue.ts';
import { compileModule, instantiate } from '../../src/kernels/wasm/host.ts';
import { kernelModuleBytes } from '../../src/kernels/wasm/table.ts';
import { openTiles } from '../../src/kernels/wasm/variants.ts';
import type { ArenaPlan } from '../../src/model/index.ts';
import { createFusedTiles, FLUSHING, FUSED, type FusedArithmetic } from './fused-tiles.ts';
import { expectSame, gemmMemory, gemmTables, type PlacedCall, place, runOn, runPlaced } from './gemm-support.ts';
import { draws } from './support.ts';

const [oracle] = gemmTables;
const { plain } = openTiles('mul-add', instantiate(compileModule(kernelModuleBytes()), gemmMemory));

/** The blocked product over such tiles, and how often they ran. */
function open(arithmetic: FusedArithmetic) {
  const { kernel, counter } = createFusedTiles(gemmMemory, arithmetic);
  const gemm = createBlockedGemm({
    memory: gemmMemory,
    plain,
    fused: kernel,
    finish: ({ target, epilogue }, { row, column, rows, columns }, sums, sumBytes) => {
      const finish = openEpilogue(gemmMemory, target, epilogue);
      for (let i = 0; i < rows; i++)
        new Float32Array(gemmMemory.buffer, sums + i * sumBytes, columns).forEach((sum, j) => {
          finish(row + i, column + j, sum);
        });
    },
  });
  return { gemm, counter };
}

interface Shape {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly accumulate: boolean;
}

type Values = (row: number, column: number, next: () => number) => number;

function lay({ m, k, n, accumulate }: Shape, seed: number, left: Values, right: Values): (arena: ArenaPlan) => PlacedCall {
  return (arena) => {
    const next = draws(seed);
    const a = place(arena, m, k, 'bf16', 1, (i) => left(Math.floor(i / k), i % k, next));
    const b = place(arena, k, n, 'bf16', 0, (i) => right(Math.floor(i / n), i % n, next));
    const target = place(arena, m, n, 'f32', 3, next);
    return {
      call: {
        left: a.matrix,
        transposeLeft: false,
        right: b.matrix,
        transposeRight: false,
        target: target.matrix,
        accumulate,
        epilogue: STORE,
      },
      inputs: [a, b],
      outputs: [target],
    };
  };
}

const scaled =
  (exponent: number): Values =>
  (_row, _column, next) =>
    next() * 2 ** exponent;

/** Draws from both ends of a range of exponents. */
const between =
  (low: number, high: number): Values =>
  (_row, _column, next) =>
    next() * 2 ** (next() > 0 ? high : low);

const ARITHMETICS = { fused: FUSED, 'fused and flushing': FLUSHING };

describe.each(Object.entries(ARITHMETICS))('gemm over tiles that are %s', (_name, arithmetic) => {
  const { gemm, counter } = open(arithmetic);
  /** Compares with the oracle; how often the fused tiles ran. */
  const runs = (shape: Shape, seed: number, left: Values, right: Values): number => {
    counter.runs = 0;
    const expected = runPlaced(oracle, lay(shape, seed, left, right));
    expectSame(runOn(gemm, 'fused tiles', lay(shape, seed, left, right)), expected, 'fused tiles');
    return counter.runs;
  };

  it('runs them for moderate operands, whatever the shape', () => {
    const size = fc.integer({ min: 1, max: 30 });
    const shapes = fc.record({ m: size, k: size, n: size, accumulate: fc.boolean() });
    fc.assert(
      fc.property(shapes, fc.nat(1e6), (shape, seed) => {
        expect(runs(shape, seed, scaled(0), scaled(0))).toBeGreaterThan(0);
      }),
      { numRuns: 60, seed: 1 },
    );
    expect(runs({ m: 4, k: 801, n: 20, accumulate: true }, 1, scaled(3), scaled(-9))).toBeGreaterThan(2);
    expect(runs({ m: 200, k: 5, n: 70, accumulate: false }, 1, scaled(3), scaled(-9))).toBeGreaterThan(1);
  });

  it('has the bits of the oracle wherever their range ends', () => {
    const exponent = fc.integer({ min: -140, max: 127 });
    const pair = fc.tuple(exponent, exponent);
    const shapes = fc.record({ m: fc.constant(3), k: fc.integer({ min: 1, max: 12 }), n: fc.constant(8), accumulate: fc.constant(false) });
    let [fusedRuns, all] = [0, 0];
    fc.assert(
      fc.property(shapes, pair, pair, fc.nat(1e6), (shape, left, right, seed) => {
        all += 1;
        if (runs(shape, seed, between(...left), between(...right)) > 0) fusedRuns += 1;
      }),
      { numRuns: 400, seed: 2 },
    );
    expect(fusedRuns).toBeGreaterThan(40);
    expect(all - fusedRuns).toBeGreaterThan(40);
  });

  it('goes on with plain ones from the block that needs them', () => {
    const shape: Shape = { m: 400, k: 3, n: 9, accumulate: false };
    const tinyBelow =
      (row: number): Values =>
      (at, _column, next) =>
        next() * 2 ** (at < row ? 0 : -120);
    expect(runs(shape, 3, tinyBelow(399), scaled(-30))).toBeGreaterThan(0);
    expect(runs(shape, 3, tinyBelow(0), scaled(-30))).toBe(0);
    // The first part of the sums is long done when the second is packed.
    const deep: Shape = { m: 2, k: 9300, n: 3, accumulate: false };
    const tinyBehind: Values = (_row, column, next) => next() * 2 ** (column < 9250 ? 0 : -120);
    expect(runs(deep, 4, tinyBehind, scaled(-30))).toBeGreaterThan(0);
  });

  it('sees every part of what it packs', () => {
    // k is packed in parts of 384.
    const shape: Shape = { m: 3, k: 800, n: 8, accumulate: false };
    for (const tiny of [0, 383, 384, 790]) {
      const withTiny: Values = (row, column, next) => (row === 1 && column === tiny ? 2 ** -120 : next());
      expect(runs(shape, 7, withTiny, scaled(-30))).toBe(0);
      expect(runs(shape, 7, scaled(-30), (row, column, next) => withTiny(column, row, next))).toBe(0);
    }
    expect(runs(shape, 7, scaled(0), scaled(-30))).toBeGreaterThan(0);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'leaves %d to plain ones, even where it meets zeros',
    (special) => {
      const shape: Shape = { m: 5, k: 7, n: 9, accumulate: false };
      const withOne: Values = (row, column, next) => (row === 2 && column === 3 ? special : next());
      expect(runs(shape, 5, withOne, scaled(0))).toBe(0);
      expect(runs(shape, 5, scaled(0), withOne)).toBe(0);
      expect(runs(shape, 5, withOne, () => 0)).toBe(0);
    },
  );

  it('is seen to differ where it must not run', () => {
    // Were it always taken, the oracle would notice: products far below the range keep other bits, or none.
    const always = open({ ...arithmetic, exactness: { leastExponentSum: -1000, flushesSubnormals: false } });
    const shape: Shape = { m: 3, k: 9, n: 8, accumulate: false };
    const values = (): [Shape, number, Values, Values] => [shape, 6, scaled(-70), scaled(-70)];
    const expected = runPlaced(oracle, lay(...values()));
    expect(() => expectSame(runOn(always.gemm, 'always fused', lay(...values())), expected, 'always fused')).toThrow(/instead of/);
  });
});
