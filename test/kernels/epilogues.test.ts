import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Epilogue } from '../../src/kernels/index.ts';
import type { ArenaPlan, Dtype } from '../../src/model/index.ts';
import { expectSame, gemmMemory, gemmTables, type Placed, type PlacedCall, place, runPlaced } from './gemm-support.ts';
import { draws } from './support.ts';

const [oracle, ...others] = gemmTables;

interface Size {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly gap: number;
}

/** Lays down what an epilogue reads and writes beside the target. */
type Lay = (
  make: (rows: number, dtype: Dtype) => Placed,
  dtype: Dtype,
  size: Size,
) => { readonly epilogue: Epilogue; readonly inputs?: readonly Placed[]; readonly outputs?: readonly Placed[] };

const biased = (kind: 'store' | 'relu' | 'gelu'): Record<string, Lay> => ({
  [kind]: () => ({ epilogue: { kind, bias: null } }),
  [`${kind} with bias`]: (make) => {
    const bias = make(1, 'f32');
    return { epilogue: { kind, bias: bias.matrix }, inputs: [bias] };
  },
});

const ofGate = (gate: 'gelu' | 'silu'): Record<string, Lay> => ({
  [`gated by ${gate}`]: (make, _, { m }) => {
    const gateSums = make(m, 'f32');
    return { epilogue: { kind: 'gated', gate, gateSums: gateSums.matrix, sums: null }, inputs: [gateSums] };
  },
  [`gated by ${gate}, keeping sums`]: (make, _, { m }) => {
    const [gateSums, sums] = [make(m, 'f32'), make(m, 'f32')];
    return { epilogue: { kind: 'gated', gate, gateSums: gateSums.matrix, sums: sums.matrix }, inputs: [gateSums], outputs: [sums] };
  },
  [`gatedBackward of ${gate}`]: (make, dtype, { m }) => {
    const [gateSums, sums, dGateSums] = [make(m, 'f32'), make(m, 'f32'), make(m, dtype)];
    return {
      epilogue: { kind: 'gatedBackward', gate, gateSums: gateSums.matrix, sums: sums.matrix, dGateSums: dGateSums.matrix },
      inputs: [gateSums, sums],
      outputs: [dGateSums],
    };
  },
});

const scores = (hasBias: boolean, firstQuery: number | null, hasMask: boolean): Lay => {
  return (make, _, { m, n }) => {
    const bias = hasBias ? make(m, 'f32') : null;
    const mask = hasMask ? make(1, 'f32') : null;
    if (mask !== null) {
      const seen = new Uint8Array(gemmMemory.buffer, mask.matrix.offset, n);
      seen.forEach((_byte, j) => {
        seen[j] = [1, 0, 255, 1, 0, 128, 2][(j * 5) % 7];
      });
    }
    const keyMask = mask === null ? null : mask.matrix.offset;
    const inputs = [bias, mask].filter((placed) => placed !== null);
    return { epilogue: { kind: 'scores', scale: 0.3, bias: bias?.matrix ?? null, firstQuery, keyMask }, inputs };
  };
};

const EPILOGUES: Readonly<Record<string, Lay>> = {
  ...biased('store'),
  ...biased('relu'),
  ...biased('gelu'),
  ...ofGate('gelu'),
  ...ofGate('silu'),
  mask: (make, dtype, { m }) => {
    const mask = make(m, dtype);
    return { epilogue: { kind: 'mask', mask: mask.matrix }, inputs: [mask] };
  },
  add: () => ({ epilogue: { kind: 'add' } }),
  addScaled: () => ({ epilogue: { kind: 'addScaled', scale: -0.7 } }),
  scores: scores(false, null, false),
  'scores with bias': scores(true, null, false),
  'scores with mask': scores(false, null, true),
  'causal scores': scores(false, 0, false),
  'causal scores with bias and mask': scores(true, 5, true),
};

/** What f32 has beside ordinary numbers, and places where rounding to bf16 or an activation changes its course. */
const SPECIAL = [
  0,
  -0,
  1,
  -1,
  NaN,
  Infinity,
  -Infinity,
  1e-45,
  -1e-40,
  1.1754944e-38,
  3.4028235e38,
  -3.4028235e38,
  3.3961775e38,
  1.00390625,
  1.01171875,
  -1.00390625,
  87,
  -87.5,
  -10,
  10.5,
  100,
  -101,
  1e19,
  -1e19,
];

/** Lays a product of f32 down: of drawn numbers, or of special ones where k = 1 makes them the sums. */
function lay(name: string, dtype: Dtype, size: Size, seed: number, special: boolean): (arena: ArenaPlan) => PlacedCall {
  const { m, k, n, gap } = size;
  return (arena) => {
    const next = draws(seed);
    const value = special ? (): number => SPECIAL[Math.floor((next() + 1) * 0.5 * SPECIAL.length)] : (): number => 4 * next();
    const put = (rows: number, columns: number, of: Dtype, valueAt: (index: number) => number): Placed =>
      place(arena, rows, columns, of, gap, valueAt);
    const left = put(m, k, 'f32', value);
    const right = put(k, n, 'f32', special ? (i) => [1, 1, -1, 0.5][i % 4] : next);
    const target = put(m, n, dtype, value);
    const { epilogue, inputs = [], outputs = [] } = EPILOGUES[name]((rows, of) => put(rows, n, of, value), dtype, size);
    return {
      call: {
        left: left.matrix,
        transposeLeft: false,
        right: right.matrix,
        transposeRight: false,
        target: target.matrix,
        accumulate: false,
        epilogue,
      },
      inputs: [left, right, ...inputs],
      outputs: [target, ...outputs],
    };
  };
}

const dtypes = fc.constantFrom<Dtype>('f32', 'bf16');

describe('epilogues', () => {
  it.each(Object.keys(EPILOGUES))('%s gives the bits of the oracle on every path', (name) => {
    const sizes = fc.record({ m: fc.nat(12), k: fc.nat(20), n: fc.nat(37), gap: fc.nat(5) });
    fc.assert(
      fc.property(dtypes, sizes, fc.nat(1e6), (dtype, size, seed) => {
        const expected = runPlaced(oracle, lay(name, dtype, size, seed, false));
        for (const table of others) expectSame(runPlaced(table, lay(name, dtype, size, seed, false)), expected, table.path);
      }),
      { numRuns: 40, seed: 4 },
    );
  });

  it.each(Object.keys(EPILOGUES))('%s gives the bits of the oracle for infinities, NaN, zeros and subnormal numbers', (name) => {
    const seen = new Set<number>();
    for (const dtype of ['f32', 'bf16'] as const) {
      for (const [seed, size] of [
        { m: 90, k: 1, n: 31, gap: 3 },
        { m: 60, k: 1, n: 48, gap: 0 },
      ].entries()) {
        const expected = runPlaced(oracle, lay(name, dtype, size, seed + 1, true));
        for (const table of others) expectSame(runPlaced(table, lay(name, dtype, size, seed + 1, true)), expected, table.path);
        for (const bits of expected[0]) seen.add(bits);
      }
    }
    expect(seen.size).toBeGreaterThan(10);
  });

  it.each(Object.keys(EPILOGUES))('%s is applied to every block of a large product', (name) => {
    const size: Size = { m: 195, k: 2, n: 781, gap: 1 };
    const expected = runPlaced(oracle, lay(name, 'bf16', size, 9, false));
    for (const table of others) expectSame(runPlaced(table, lay(name, 'bf16', size, 9, false)), expected, table.path);
  });

  it('are there for every kind', () => {
    const kinds: Record<Epilogue['kind'], true> = {
      store: true,
      relu: true,
      gelu: true,
      gated: true,
      mask: true,
      gatedBackward: true,
      add: true,
      addScaled: true,
      scores: true,
    };
    for (const kind of Object.keys(kinds)) expect(Object.keys(EPILOGUES).some((name) => name.includes(kind))).toBe(true);
  });
});
