import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type GemmCall,
  type GroupedShape,
  groupedItems,
  type KernelTable,
  type Matrix,
  mostGroupedItems,
  planLanes,
  regionOfCall,
} from '../../../src/kernels/index.ts';
import { type Dtype, planArena } from '../../../src/model/index.ts';
import { draws } from '../support.ts';
import { ARENA_START, memory, numbersOf, put, spoil, tables } from './support.ts';

/** Fills of up to 12 experts, some of them empty, and one product. */
const shapes = fc.record({
  fills: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 700, max: 2400 })), {
    minLength: 1,
    maxLength: 12,
  }),
  room: fc.nat(3000),
  product: fc.constantFrom('rows' as const, 'weights' as const),
  depth: fc.integer({ min: 1, max: 4000 }),
  columns: fc.integer({ min: 1, max: 4000 }),
});

function firstOf(fills: readonly number[]): Int32Array {
  const first = new Int32Array(fills.length + 1);
  fills.forEach((fill, e) => {
    first[e + 1] = first[e] + fill;
  });
  return first;
}

describe('items of grouped products', () => {
  it('cover every target of an expert with rows once, the largest first, within their bound', () => {
    let items = 0;
    fc.assert(
      fc.property(shapes, ({ fills, room, product, depth, columns }) => {
        const first = firstOf(fills);
        const shape: GroupedShape = { product, experts: fills.length, rows: first[fills.length] + room, depth, columns };
        const list = groupedItems(shape, first);
        expect(list.length).toBeLessThanOrEqual(mostGroupedItems(shape));
        items += list.length;
        const work = list.map(({ expert, region }) => region.rows * region.columns * (product === 'rows' ? depth : fills[expert]));
        expect(work).toEqual([...work].sort((a, b) => b - a));
        fills.forEach((fill, e) => {
          const targetRows = product === 'rows' ? fill : depth;
          const own = list.filter(({ expert }) => expert === e).map(({ region }) => region);
          const corners = own.map(({ row, column }) => `${row} ${column}`);
          expect(new Set(corners).size).toBe(own.length);
          expect(own.every(({ row, rows, column, columns: width }) => row + rows <= targetRows && column + width <= columns)).toBe(true);
          expect(own.reduce((area, region) => area + region.rows * region.columns, 0)).toBe(fill === 0 ? 0 : targetRows * columns);
          // Blocks of one grid: with as many as there are pairs of edges, their areas add up only if they do not overlap.
          const edges = new Set(own.map(({ row }) => row)).size * new Set(own.map(({ column }) => column)).size;
          expect(own.length).toBe(edges);
        });
      }),
      { numRuns: 200, seed: 1 },
    );
    expect(items).toBeGreaterThan(2000);
  });

  it('are of like size where experts are, whatever their number', () => {
    const layer = { rows: 4096, depth: 768, columns: 3072 };
    for (const product of ['rows', 'weights'] as const) {
      for (const experts of [8, 64]) {
        const first = firstOf(Array.from({ length: experts }, () => 4096 / experts));
        const flops = groupedItems({ product, experts, ...layer }, first).map(
          ({ region }) => 2 * region.rows * region.columns * (product === 'rows' ? layer.depth : 4096 / experts),
        );
        expect(Math.max(...flops)).toBe(Math.min(...flops));
        expect(flops[0]).toBeGreaterThan(3e7);
        expect(flops[0]).toBeLessThan(4e8);
      }
    }
  });
});

describe('a region of a product', () => {
  it('has the bits of the whole, under every epilogue', () => {
    const kinds = ['store', 'relu', 'gelu', 'gated', 'mask', 'gatedBackward', 'add', 'addScaled', 'scores'] as const;
    for (const kind of kinds) {
      for (const dtype of ['f32', 'bf16'] as const) {
        for (const [transposeLeft, transposeRight] of [
          [false, false],
          [false, true],
          [true, false],
        ]) {
          const whole = runCall(tables[0], kind, dtype, transposeLeft, transposeRight, [[0, 0, 9, 11]]);
          const cut = [
            [0, 0, 4, 6],
            [4, 0, 5, 6],
            [0, 6, 4, 5],
            [4, 6, 5, 5],
          ];
          for (const table of tables)
            expect(runCall(table, kind, dtype, transposeLeft, transposeRight, cut), `${kind} ${table.path}`).toEqual(whole);
        }
      }
    }
  });

  it('is refused outside the target', () => {
    expect(() => runCall(tables[0], 'store', 'f32', false, false, [[5, 0, 5, 11]])).toThrow(
      'rows 5 + 5, columns 0 + 7 of a matrix of 9 x 7',
    );
  });
});

const [M, K, N] = [9, 7, 11];

/** The target and whatever else an epilogue writes, after the regions [row, column, rows, columns] of a product of 9 x 7 by 7 x 11. */
function runCall(
  table: KernelTable,
  kind: GemmCall['epilogue']['kind'],
  dtype: Dtype,
  transposeLeft: boolean,
  transposeRight: boolean,
  regions: readonly (readonly number[])[],
): number[] {
  const arena = planArena(ARENA_START);
  const dense = (rows: number, columns: number, type: Dtype) => arena.allocate([rows, columns + 2], type);
  const views = {
    left: transposeLeft ? dense(K, M, dtype) : dense(M, K, dtype),
    right: transposeRight ? dense(N, K, dtype) : dense(K, N, dtype),
    target: dense(M, N, dtype),
    bias: dense(1, N, 'f32'),
    sums: dense(M, N, 'f32'),
    gateSums: dense(M, N, 'f32'),
    dGateSums: dense(M, N, dtype),
    mask: dense(M, N, dtype),
  };
  const keyMask = arena.allocate([4], 'f32').offset;
  const [lane] = planLanes(arena, table, 1);
  spoil(arena.bytes);
  const next = draws(5);
  for (const view of Object.values(views)) {
    const values = Array.from({ length: view.shape[0] * view.shape[1] }, next);
    put(view, values);
  }
  new Uint8Array(memory.buffer, keyMask, N).forEach((_, j, mask) => {
    mask[j] = j % 4 === 1 ? 0 : 1;
  });
  const matrix = (name: keyof typeof views): Matrix => {
    const { offset, shape, dtype: type } = views[name];
    return { offset, rows: shape[0], columns: shape[1] - 2, stride: shape[1], dtype: type };
  };
  const epilogues: Record<typeof kind, GemmCall['epilogue']> = {
    store: { kind: 'store', bias: matrix('bias') },
    relu: { kind: 'relu', bias: matrix('bias') },
    gelu: { kind: 'gelu', bias: null },
    gated: { kind: 'gated', gate: 'gelu', gateSums: matrix('gateSums'), sums: matrix('sums') },
    mask: { kind: 'mask', mask: matrix('mask') },
    gatedBackward: {
      kind: 'gatedBackward',
      gate: 'silu',
      gateSums: matrix('gateSums'),
      sums: matrix('sums'),
      dGateSums: matrix('dGateSums'),
    },
    add: { kind: 'add' },
    addScaled: { kind: 'addScaled', scale: -0.7 },
    scores: { kind: 'scores', scale: 0.3, bias: matrix('gateSums'), firstQuery: 2, keyMask },
  };
  const call: GemmCall = {
    left: matrix('left'),
    transposeLeft,
    right: matrix('right'),
    transposeRight,
    target: matrix('target'),
    accumulate: false,
    epilogue: epilogues[kind],
  };
  for (const [row, column, rows, columns] of regions) table.gemm(regionOfCall(call, { row, column, rows, columns }), lane);
  return [...numbersOf(views.target), ...numbersOf(views.sums), ...numbersOf(views.dGateSums)];
}
