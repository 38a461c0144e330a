import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GemmCall, type KernelTable, type Matrix, STORE } from '../../src/kernels/index.ts';
import { type Dtype, f32Elements, planArena, type TensorView } from '../../src/model/index.ts';
import { comparableBits, draws, fill, memory, tables } from './support.ts';

const [oracle, ...others] = tables;

interface Plain {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly left: Dtype;
  readonly right: Dtype;
  readonly transposeLeft: boolean;
  readonly transposeRight: boolean;
  readonly accumulate: boolean;
}

function bits(table: KernelTable, p: Plain, next: () => number): Uint32Array {
  const arena = planArena(64);
  const dense = (rows: number, columns: number, dtype: Dtype, gap: number): { matrix: Matrix; view: TensorView } => {
    const view = arena.allocate([rows, columns + gap], dtype);
    return { view, matrix: { offset: view.offset, rows, columns, stride: columns + gap, dtype } };
  };
  const left = p.transposeLeft ? dense(p.k, p.m, p.left, 3) : dense(p.m, p.k, p.left, 3);
  const right = p.transposeRight ? dense(p.n, p.k, p.right, 1) : dense(p.k, p.n, p.right, 1);
  const target = dense(p.m, p.n, 'f32', 2);
  const scratch = arena.allocate([table.gemmScratchElements], 'f32');
  for (const { view } of [left, right, target]) fill(view, next);
  f32Elements(memory.buffer, scratch).fill(Number.NaN);
  const call: GemmCall = {
    left: left.matrix,
    transposeLeft: p.transposeLeft,
    right: right.matrix,
    transposeRight: p.transposeRight,
    target: target.matrix,
    accumulate: p.accumulate,
    epilogue: STORE,
  };
  table.gemm(call, scratch);
  return comparableBits(target.view);
}

const dtype = fc.constantFrom('f32' as const, 'bf16' as const);
const side = { left: dtype, right: dtype, transposeLeft: fc.boolean(), transposeRight: fc.boolean(), accumulate: fc.boolean() };

describe('gemm', () => {
  it('gives the bits of the oracle on every path', () => {
    const sizes = { m: fc.integer({ min: 0, max: 40 }), k: fc.integer({ min: 0, max: 40 }), n: fc.integer({ min: 0, max: 40 }) };
    fc.assert(
      fc.property(fc.record({ ...sizes, ...side }), fc.integer(), (plain, seed) => {
        const expected = bits(oracle, plain, draws(seed));
        for (const table of others) expect(bits(table, plain, draws(seed)), table.path).toEqual(expected);
      }),
      { numRuns: 60, seed: 1 },
    );
  });
});
