import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NativeLevel } from '../../src/cluster/native-tiles.ts';
import { compileModule, createWasmTable, type KernelMemory, type KernelTable, kernelModuleBytes, STORE } from '../../src/kernels/index.ts';
import type { ArenaPlan, Dtype } from '../../src/model/index.ts';
import { expectSame, gemmMemory, gemmTables, type PlacedCall, place, runPlaced } from '../kernels/gemm-support.ts';
import { draws, type Product, productBits, memory as smallMemory, tables } from '../kernels/support.ts';
import { nativeIsThere, nativeLevels, nativeTiles } from './native-support.ts';

const module = compileModule(kernelModuleBytes());

function openTable(memory: KernelMemory, level: NativeLevel): KernelTable {
  return createWasmTable(memory, module, 'mul-add', nativeTiles(memory, level));
}

type Values = (next: () => number) => number;

const RARE = [Number.NaN, Infinity, -Infinity, 0, -0, 2 ** -149, -(2 ** -127), 2 ** -133, 3.3e38, -3.3e38, 2 ** -126];

/** A number of a sign and a significand of its own, with an exponent drawn from a range. */
function scaled(least: number, greatest: number): Values {
  return (next) => (1 + Math.abs(next())) * Math.sign(next()) * 2 ** Math.floor(least + ((next() + 1) / 2) * (greatest - least + 1));
}

const KINDS: Readonly<Record<string, Values>> = {
  ordinary: (next) => next(),
  'sometimes rare': (next) => (next() > 0.95 ? RARE[Math.floor(((next() + 1) / 2) * RARE.length)] : next()),
  zeros: (next) => (next() > 0.6 ? next() : Math.sign(next()) * 0),
  small: scaled(-64, -56),
  subnormal: scaled(-140, -127),
  huge: scaled(60, 63),
  'of any size': scaled(-149, 127),
};

/** Significands whose products have an odd number of units, and cancel to a single one. */
const CANCELLING = [1, 1 + 2 ** -7, 1 + 2 ** -6];

function significand(next: () => number): number {
  return Math.sign(next()) * CANCELLING[Math.floor(((next() + 1) / 2) * CANCELLING.length)];
}

function ofExponent(exponent: number): Values {
  return (next) => significand(next) * 2 ** exponent;
}

/** What a product of such numbers cancels but for some units in the last place. */
function nearProduct(exponents: number): Values {
  return (next) => significand(next) * significand(next) * (1 + Math.round(2 * next()) * 2 ** -23) * 2 ** exponents;
}

interface Case {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly left: Dtype;
  readonly right: Dtype;
  readonly transposeLeft: boolean;
  readonly transposeRight: boolean;
  readonly accumulate: boolean;
  /** Of left, right and what the target holds before. */
  readonly values: readonly [Values, Values, Values];
  readonly seed: number;
}

function lay(c: Case): (arena: ArenaPlan) => PlacedCall {
  return (arena) => {
    const next = draws(c.seed);
    const [ofLeft, ofRight, ofTarget] = c.values.map((value) => () => value(next));
    const left = c.transposeLeft ? place(arena, c.k, c.m, c.left, 3, ofLeft) : place(arena, c.m, c.k, c.left, 1, ofLeft);
    const right = c.transposeRight ? place(arena, c.n, c.k, c.right, 1, ofRight) : place(arena, c.k, c.n, c.right, 3, ofRight);
    const target = place(arena, c.m, c.n, 'f32', 2, ofTarget);
    const { transposeLeft, transposeRight, accumulate } = c;
    return {
      call: { left: left.matrix, transposeLeft, right: right.matrix, transposeRight, target: target.matrix, accumulate, epilogue: STORE },
      outputs: [target],
      inputs: [left, right],
    };
  };
}

const dtype = fc.constantFrom<Dtype>('bf16', 'bf16', 'f32');
const valuesOf = (...kinds: string[]): fc.Arbitrary<Values> => fc.constantFrom(...kinds).map((kind) => KINDS[kind]);
const values = valuesOf(...Object.keys(KINDS));
const drawn = {
  left: dtype,
  right: dtype,
  transposeLeft: fc.boolean(),
  transposeRight: fc.boolean(),
  accumulate: fc.boolean(),
  values: fc.tuple(values, values, values),
  seed: fc.integer(),
};

describe.skipIf(!nativeIsThere).each(nativeLevels)('products of the native level %s', (level) => {
  let opened: KernelTable | undefined;
  const holds = (c: Case): void => {
    opened ??= openTable(gemmMemory, level);
    expectSame(runPlaced(opened, lay(c)), runPlaced(gemmTables[0], lay(c)), opened.path);
  };

  it('have the bits of the oracle for small sizes', () => {
    const side = fc.integer({ min: 0, max: 40 });
    fc.assert(fc.property(fc.record({ m: side, k: side, n: side, ...drawn }), holds), { numRuns: 400, seed: 1 });
  });

  it('have them across blocks, panels and parts of k', () => {
    const sizes = { m: fc.integer({ min: 1, max: 210 }), k: fc.integer({ min: 300, max: 800 }), n: fc.integer({ min: 1, max: 70 }) };
    fc.assert(fc.property(fc.record({ ...sizes, ...drawn }), holds), { numRuns: 25, seed: 2 });
  });

  it('have them where products, or their sums, cease to be finite, normal or exact', () => {
    const size = fc.integer({ min: 1, max: 20 });
    const sum = fc.oneof(...[-149 + 14, -126 + 14, 125].map((bound) => fc.integer({ min: bound - 4, max: bound + 9 })));
    const atBounds = fc.record({ m: size, k: size, n: size, ...drawn, sum, part: fc.integer({ min: -9, max: 9 }) });
    fc.assert(
      fc.property(atBounds, ({ sum, part, ...c }) => {
        const exponent = Math.floor(sum / 2) + part;
        const target = c.seed % 2 === 0 ? nearProduct(sum) : c.values[2];
        holds({ ...c, left: 'bf16', right: 'bf16', values: [ofExponent(exponent), ofExponent(sum - exponent), target] });
      }),
      { numRuns: 400, seed: 3 },
    );
  });

  it('start from sums that are zero of either sign, or less than any product', () => {
    const odd = fc.constantFrom(1, 3, 13);
    const faint = valuesOf('zeros', 'subnormal', 'ordinary', 'of any size');
    const operands = fc.tuple(valuesOf('zeros', 'ordinary'), faint, faint);
    fc.assert(
      fc.property(fc.record({ m: odd, k: odd, n: odd, ...drawn, values: operands }), (c) =>
        holds({ ...c, left: 'bf16', right: 'bf16', accumulate: true }),
      ),
      { numRuns: 300, seed: 4 },
    );
  });

  it('have the bits of the oracle with a right-hand side that is packed once', () => {
    const native = openTable(smallMemory, level);
    const size = fc.integer({ min: 1, max: 70 });
    fc.assert(
      fc.property(fc.record({ m: size, k: size, n: size, left: dtype, right: dtype, values, seed: fc.integer() }), (drawn) => {
        const product = (): Product => {
          const next = draws(drawn.seed);
          return { ...drawn, next: () => drawn.values(next) };
        };
        expect(productBits(native, product())).toEqual(productBits(tables[0], product()));
      }),
      { numRuns: 100, seed: 5 },
    );
  });
});
