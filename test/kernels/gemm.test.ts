import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GemmCall, STORE } from '../../src/kernels/index.ts';
import { type ArenaPlan, type Dtype, planArena } from '../../src/model/index.ts';
import { expectSame, gemmTables, type PlacedCall, place, runPlaced } from './gemm-support.ts';
import { draws } from './support.ts';

const [oracle, ...others] = gemmTables;

interface Product {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly left: Dtype;
  readonly right: Dtype;
  readonly target: Dtype;
  readonly transposeLeft: boolean;
  readonly transposeRight: boolean;
  readonly accumulate: boolean;
  readonly gap: number;
  readonly seed: number;
}

const dtype = fc.constantFrom<Dtype>('f32', 'bf16');
const flags = { transposeLeft: fc.boolean(), transposeRight: fc.boolean(), accumulate: fc.boolean() };
const rest = { left: dtype, right: dtype, target: dtype, ...flags, gap: fc.nat(4), seed: fc.nat(1e6) };

/** Any product of these sizes; sums go on from targets of f32 only. */
function products(m: fc.Arbitrary<number>, k: fc.Arbitrary<number>, n: fc.Arbitrary<number>): fc.Arbitrary<Product> {
  return fc.record({ m, k, n, ...rest }).map((product) => ({ ...product, accumulate: product.accumulate && product.target === 'f32' }));
}

function lay(p: Product, value: (next: () => number) => number = (next) => next()): (arena: ArenaPlan) => PlacedCall {
  return (arena) => {
    const next = draws(p.seed);
    const draw = (): number => value(next);
    const left = p.transposeLeft ? place(arena, p.k, p.m, p.left, p.gap, draw) : place(arena, p.m, p.k, p.left, p.gap, draw);
    const right = p.transposeRight ? place(arena, p.n, p.k, p.right, p.gap, draw) : place(arena, p.k, p.n, p.right, p.gap, draw);
    const target = place(arena, p.m, p.n, p.target, p.gap, next);
    const { transposeLeft, transposeRight, accumulate } = p;
    const matrices = { left: left.matrix, right: right.matrix, target: target.matrix };
    return { call: { ...matrices, transposeLeft, transposeRight, accumulate, epilogue: STORE }, inputs: [left, right], outputs: [target] };
  };
}

function expectOneAnswer(product: Product, value?: (next: () => number) => number): void {
  const expected = runPlaced(oracle, lay(product, value));
  for (const table of others) expectSame(runPlaced(table, lay(product, value)), expected, table.path);
}

function check(cases: fc.Arbitrary<Product>, numRuns: number, value?: (next: () => number) => number): void {
  fc.assert(
    fc.property(cases, (product) => expectOneAnswer(product, value)),
    { numRuns, seed: 1 },
  );
}

describe('gemm', () => {
  it('is the product, in exact arithmetic, of whole numbers', () => {
    for (const table of gemmTables) {
      const arena = planArena(64);
      const left = place(arena, 3, 4, 'bf16', 0, (i) => i - 5);
      const right = place(arena, 2, 4, 'f32', 1, (i) => 3 - i);
      const target = place(arena, 3, 2, 'f32', 0, () => 1000);
      const scratch = arena.allocate([table.gemmScratchElements], 'f32');
      const operands = { left: left.matrix, right: right.matrix, transposeLeft: false, transposeRight: true };
      table.gemm({ ...operands, target: target.matrix, accumulate: true, epilogue: STORE }, scratch);
      const rows = [
        [-5, -4, -3, -2],
        [-1, 0, 1, 2],
        [3, 4, 5, 6],
      ];
      const columns = [
        [3, 2, 1, 0],
        [-1, -2, -3, -4],
      ];
      const expected = rows.flatMap((row) => columns.map((column) => 1000 + row.reduce((sum, a, i) => sum + a * column[i], 0)));
      expect(Array.from(new Float32Array(target.bits().buffer)), table.path).toEqual(expected);
    }
  });

  it('gives the bits of the oracle on every path, whatever the shape, the strides, the dtypes and the sides that are transposed', () => {
    const size = fc.nat(40);
    check(products(size, size, size), 150);
  });

  it('gives them where columns are whole tiles, which are written to their target at once', () => {
    const whole = products(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 20 }), fc.constantFrom(8, 16, 32, 48));
    check(
      whole.map((product): Product => ({ ...product, target: 'f32' })),
      40,
    );
  });

  it('gives them for sums that are cut into parts', () => {
    check(products(fc.nat(20), fc.integer({ min: 370, max: 800 }), fc.nat(34)), 12);
    check(products(fc.nat(9), fc.integer({ min: 9200, max: 9700 }), fc.nat(18)), 6);
  });

  it('gives them for targets that are cut into blocks', () => {
    check(products(fc.integer({ min: 180, max: 420 }), fc.integer({ min: 1, max: 6 }), fc.nat(40)), 6);
    check(products(fc.nat(30), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 760, max: 1600 })), 6);
    check(products(fc.constant(200), fc.integer({ min: 700, max: 900 }), fc.constant(90)), 2);
    // So deep that the left operand is packed block by block, the blocks in one place.
    check(products(fc.integer({ min: 181, max: 200 }), fc.constantFrom(9215, 9216), fc.integer({ min: 1, max: 3 })), 2);
  });

  it('gives them for bf16 whose products overflow, are subnormal or vanish, and for infinity and NaN', () => {
    const magnitudes = (exponents: readonly number[]) => (next: () => number) => {
      const exponent = exponents[Math.floor((next() + 1) * 0.5 * exponents.length)];
      return next() * 2 ** exponent;
    };
    const some = products(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 34 }));
    const bf16 = some.map((product): Product => ({ ...product, left: 'bf16', right: 'bf16' }));
    for (const exponents of [
      [0, 64],
      [0, 127],
      [-66, -70],
      [-60, -75, 0],
      [-126, -133],
      [-140, 0],
      [-133, 100],
      [0, -133, 127],
    ])
      check(bf16, 20, magnitudes(exponents));
    for (const special of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0])
      check(bf16, 20, (next) => (next() > 0.8 ? special : next()));
  });

  it('leaves zeros, or what is there, where nothing is summed', () => {
    for (const table of gemmTables) {
      for (const accumulate of [false, true]) {
        const nothing = { m: 5, k: 0, n: 9, transposeLeft: false, transposeRight: false, gap: 2, seed: 3 };
        const product: Product = { ...nothing, left: 'bf16', right: 'bf16', target: 'f32', accumulate };
        const before = Array.from(Float32Array.from({ length: 45 }, draws(3)));
        const after = Array.from(new Float32Array(runPlaced(table, lay(product))[0].buffer));
        expect(after, table.path).toEqual(accumulate ? before : before.map(() => 0));
      }
    }
  });

  it('refuses matrices that do not fit', () => {
    const arena = planArena(64);
    const make = (rows: number, columns: number, of: Dtype = 'f32') => place(arena, rows, columns, of, 0, () => 1).matrix;
    const call: GemmCall = {
      left: make(3, 4),
      transposeLeft: false,
      right: make(4, 5),
      transposeRight: false,
      target: make(3, 5),
      accumulate: false,
      epilogue: STORE,
    };
    const most = Math.max(...gemmTables.map((table) => table.gemmScratchElements));
    const scratch = arena.allocate([most], 'f32');
    const wrong: readonly [Partial<GemmCall>, RegExp][] = [
      [{ transposeLeft: true }, /left is 4 x 3, right is 4 x 5/],
      [{ target: make(5, 3) }, /product 3 x 5 into 5 x 3/],
      [{ left: { ...call.left, stride: 3 } }, /rows of 4 elements every 3/],
      [{ target: { ...call.target, stride: 1 } }, /rows of 5 elements every 1/],
      [{ target: make(3, 5, 'bf16'), accumulate: true }, /accumulate into bf16/],
      [{ accumulate: true, epilogue: { kind: 'relu', bias: null } }, /accumulate into f32 with relu/],
      [{ epilogue: { kind: 'relu', bias: make(1, 4) } }, /relu.bias f32 1 x 4 for f32 1 x 5/],
      [{ epilogue: { kind: 'mask', mask: make(3, 5, 'bf16') } }, /mask.mask bf16 3 x 5 for f32 3 x 5/],
      [{ epilogue: { kind: 'gated', gate: 'silu', gateSums: make(3, 5), sums: make(2, 5) } }, /gated.sums f32 2 x 5/],
    ];
    for (const table of gemmTables) {
      table.gemm(call, scratch);
      for (const [change, message] of wrong) expect(() => table.gemm({ ...call, ...change }, scratch), table.path).toThrow(message);
    }
  });
});
