import { describe, expect, it } from 'vitest';
import {
  bf16Value,
  type FeedForwardShape,
  type FeedForwardWeights,
  feedForward,
  type KernelTable,
  planFeedForward,
  roundToBf16,
} from '../../src/kernels/index.ts';
import { bf16Elements, planArena, type TensorView } from '../../src/model/index.ts';
import { draws, fill, memory, readVectors, tables } from './support.ts';

interface Vectors {
  readonly cases: readonly {
    readonly tokens: number;
    readonly d_model: number;
    readonly d_ff: number;
    readonly x: readonly (readonly number[])[];
    readonly W_router: readonly (readonly number[])[];
    readonly W1: readonly (readonly (readonly number[])[])[];
    readonly W2: readonly (readonly (readonly number[])[])[];
    readonly out: {
      readonly expert_index: readonly number[];
      readonly kept: readonly number[];
      readonly y: readonly (readonly number[])[];
    };
  }[];
}

/** Runs a batch whose first draws are the input and then the weights in the order gate, in, out. */
function run(table: KernelTable, shape: FeedForwardShape, rows: number, next: () => number): Uint16Array {
  const { dModel, dExpert } = shape;
  const arena = planArena(64);
  const input = arena.allocate([rows, dModel], 'bf16');
  const gate = shape.ffnMatrices === 3 ? arena.allocate([dModel, dExpert], 'bf16') : null;
  const weights: FeedForwardWeights = {
    gate,
    in: arena.allocate([dModel, dExpert], 'bf16'),
    out: arena.allocate([dExpert, dModel], 'bf16'),
  };
  const output = arena.allocate([rows, dModel], 'bf16');
  const views: (TensorView | null)[] = [input, weights.gate, weights.in, weights.out];
  for (const view of views) if (view !== null) fill(view, next);
  const scratch = planFeedForward(arena, table, shape);
  // Old contents must not matter.
  for (const view of [scratch.product, scratch.gateSums, scratch.hidden, output]) if (view !== null) fill(view, () => Number.NaN);
  feedForward(table, input, weights, output, scratch);
  return bf16Elements(memory.buffer, output).slice();
}

/** The same network with exact arithmetic between the two stated roundings; the same draws as `run`. */
function reference({ dModel, dExpert, ffnMatrices }: FeedForwardShape, rows: number, next: () => number): number[] {
  const matrix = (m: number, n: number): number[][] =>
    Array.from({ length: m }, () => Array.from({ length: n }, () => roundToBf16(next())));
  const times = (a: number[][], b: number[][]): number[][] =>
    a.map((row) => b[0].map((_, j) => row.reduce((sum, value, k) => sum + value * b[k][j], 0)));
  const gelu = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
  const input = matrix(rows, dModel);
  const gate = ffnMatrices === 3 ? times(input, matrix(dModel, dExpert)) : null;
  const linear = times(input, matrix(dModel, dExpert));
  const hidden = linear.map((row, s) => row.map((value, f) => roundToBf16(gate ? gelu(gate[s][f]) * value : Math.max(value, 0))));
  return times(hidden, matrix(dExpert, dModel)).flat();
}

describe('feed-forward network of an expert', () => {
  for (const ffnMatrices of [2, 3] as const) {
    const shape: FeedForwardShape = { rows: 13, dModel: 24, dExpert: 40, ffnMatrices };

    it(`with ${ffnMatrices} matrices is within bf16 rounding of the definition`, () => {
      for (const table of tables) {
        const output = Array.from(run(table, shape, shape.rows, draws(6)), bf16Value);
        const expected = reference(shape, shape.rows, draws(6));
        const scale = Math.max(...expected.map(Math.abs));
        expect(output.length).toBe(expected.length);
        expected.forEach((value, i) => {
          expect(Math.abs(output[i] - value)).toBeLessThan(2 ** -8 * Math.abs(value) + 2e-3 * scale);
        });
      }
    });

    it(`with ${ffnMatrices} matrices has the same bits on every table, also for fewer rows than planned`, () => {
      const [oracle, ...others] = tables;
      for (const rows of [13, 7, 1]) {
        const expected = run(oracle, shape, rows, draws(rows));
        expect(new Set(expected).size).toBeGreaterThan(rows);
        expect(expected.some((bits) => Number.isNaN(bf16Value(bits)))).toBe(false);
        for (const table of others) expect(run(table, shape, rows, draws(rows)), table.path).toEqual(expected);
      }
    });
  }

  it('agrees with the golden Switch layer: y = p times the network of the chosen expert', () => {
    const { cases } = readVectors<Vectors>('switch_layer_fwd_bwd.json');
    let compared = 0;
    for (const { d_model, d_ff, x, W_router, W1, W2, out } of cases) {
      const scale = Math.max(...out.y.flat().map(Math.abs));
      out.kept.forEach((kept, t) => {
        if (kept === 0) return;
        const expert = out.expert_index[t];
        const logits = W_router[0].map((_, e) => x[t].reduce((sum, value, d) => sum + value * W_router[d][e], 0));
        const p = 1 / logits.reduce((sum, logit) => sum + Math.exp(logit - logits[expert]), 0);
        const numbers = [x[t], W1[expert].flat(), W2[expert].flat()].flat();
        let i = 0;
        const shape: FeedForwardShape = { rows: 1, dModel: d_model, dExpert: d_ff, ffnMatrices: 2 };
        for (const table of tables) {
          i = 0;
          const y = Array.from(
            run(table, shape, 1, () => numbers[i++]),
            bf16Value,
          );
          y.forEach((value, d) => {
            expect(Math.abs(p * value - out.y[t][d])).toBeLessThan(2 ** -8 * Math.abs(out.y[t][d]) + 4e-3 * scale);
            compared++;
          });
        }
      });
    }
    expect(compared).toBeGreaterThan(30);
  });

  it('refuses more rows than it was planned for, and a missing gate', () => {
    const table = tables[0];
    const shape: FeedForwardShape = { rows: 4, dModel: 8, dExpert: 8, ffnMatrices: 3 };
    expect(() => run(table, shape, 5, draws(1))).toThrow(/5 rows/);
    const arena = planArena(64);
    const square = arena.allocate([8, 8], 'bf16');
    const scratch = planFeedForward(arena, table, shape);
    const input = arena.allocate([4, 8], 'bf16');
    expect(() => feedForward(table, input, { gate: null, in: square, out: square }, input, scratch)).toThrow(/gate/);
  });
});
