import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AttentionShape,
  attention,
  attentionBackward,
  BF16,
  bf16Value,
  createExpertActivations,
  type Epilogue,
  type ExpertShape,
  expertFeedForward,
  expertFeedForwardBackward,
  F32,
  type GemmCall,
  linear,
  linearBackward,
  type Matrix,
  type Numerics,
  type Reals,
  STORE,
  softmax,
  softmaxBackward,
} from '../../src/kernels/index.ts';
import { type Dtype, planArena } from '../../src/model/index.ts';
import { gemmMemory, gemmTables } from './gemm-support.ts';
import { fillTensor } from './paths.ts';
import { randomReals, stored } from './reference/tensors.ts';

/** Matrices and products in the memory of the tables, run by each table in turn: what epilogues mean is what the reference kernels do. */
function bench() {
  const arena = planArena(64);
  const most = Math.max(...gemmTables.map((table) => table.gemmScratchElements));
  const scratch = arena.allocate([most], 'f32');
  const matrix = (rows: number, columns: number, dtype: Dtype, values: Reals | null = null): Matrix => {
    const view = arena.allocate([rows, columns], dtype);
    fillTensor(gemmMemory, view, (i) => (values === null ? 0 : values[i]));
    return { offset: view.offset, rows, columns, stride: columns, dtype };
  };
  const read = ({ offset, rows, columns, dtype }: Matrix): number[] =>
    dtype === 'f32'
      ? Array.from(new Float32Array(gemmMemory.buffer, offset, rows * columns))
      : Array.from(new Uint16Array(gemmMemory.buffer, offset, rows * columns), bf16Value);
  /** NN, NT: right transposed, TN: left transposed. */
  const multiply = (sides: 'NN' | 'NT' | 'TN', left: Matrix, right: Matrix, target: Matrix, epilogue: Epilogue | 'accumulate'): void => {
    const accumulate = epilogue === 'accumulate';
    const call: GemmCall = {
      left,
      transposeLeft: sides === 'TN',
      right,
      transposeRight: sides === 'NT',
      target,
      accumulate,
      epilogue: accumulate ? STORE : epilogue,
    };
    current.gemm(call, scratch);
  };
  let current = gemmTables[0];
  return {
    matrix,
    multiply,
    /** Runs `body` on every table, and compares what it returns with `expected`. */
    compare(body: () => Readonly<Record<string, Matrix>>, expected: Readonly<Record<string, Reals>>): void {
      for (const table of gemmTables) {
        current = table;
        for (const [name, own] of Object.entries(body())) expect(read(own), `${name} on ${table.path}`).toEqual(Array.from(expected[name]));
      }
    },
  };
}

const ARITHMETICS = [
  { numerics: F32, dtype: 'f32' },
  { numerics: BF16, dtype: 'bf16' },
] as const;
const side = fc.integer({ min: 1, max: 11 });

describe.each(ARITHMETICS)('epilogues and reference kernels in $dtype', ({ numerics, dtype }) => {
  const draw = (seed: number, elements: number): Reals => stored(numerics, randomReals(seed, elements));
  const drawF32 = (seed: number, elements: number): Reals => stored(F32, randomReals(seed, elements));

  it('agree on linear and its backward: store with bias, add, accumulate', () => {
    fc.assert(
      fc.property(side, side, side, fc.nat(1e6), (rows, inputs, outputs, seed) => {
        const shape = { rows, inputs, outputs };
        const [x, weight, dy] = [draw(seed, rows * inputs), draw(seed + 1, inputs * outputs), draw(seed + 2, rows * outputs)];
        const [bias, dxBefore, dWeightBefore] = [
          drawF32(seed + 3, outputs),
          draw(seed + 4, rows * inputs),
          drawF32(seed + 5, inputs * outputs),
        ];
        const y = numerics.zeros(rows * outputs);
        linear(numerics, shape, { x, weight, bias }, y);
        const [dx, dWeight] = [dxBefore.slice(), dWeightBefore.slice()];
        linearBackward(numerics, shape, { x, weight }, dy, { dx, dWeight, dBias: null });
        const { matrix, multiply, compare } = bench();
        compare(
          () => {
            const [ofX, ofWeight, ofDy] = [
              matrix(rows, inputs, dtype, x),
              matrix(inputs, outputs, dtype, weight),
              matrix(rows, outputs, dtype, dy),
            ];
            const own = {
              y: matrix(rows, outputs, dtype),
              dx: matrix(rows, inputs, dtype, dxBefore),
              dWeight: matrix(inputs, outputs, 'f32', dWeightBefore),
            };
            multiply('NN', ofX, ofWeight, own.y, { kind: 'store', bias: matrix(1, outputs, 'f32', bias) });
            multiply('NT', ofDy, ofWeight, own.dx, { kind: 'add' });
            multiply('TN', ofX, ofDy, own.dWeight, 'accumulate');
            return own;
          },
          { y, dx, dWeight },
        );
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  it('agree on an expert of ReLU: relu, mask by what is hidden', () => {
    fc.assert(
      fc.property(side, side, side, fc.nat(1e6), (rows, dModel, dExpert, seed) => {
        const expert = expertOf(numerics, { rows, dModel, dExpert, activation: 'relu' }, seed, draw);
        const { x, dy, weights } = expert;
        const { matrix, multiply, compare } = bench();
        compare(() => {
          const [ofX, ofDy] = [matrix(rows, dModel, dtype, x), matrix(rows, dModel, dtype, dy)];
          const [wIn, out] = [matrix(dModel, dExpert, dtype, weights.in), matrix(dExpert, dModel, dtype, weights.out)];
          const [hidden, dInSums] = [matrix(rows, dExpert, dtype), matrix(rows, dExpert, dtype)];
          const own = {
            y: matrix(rows, dModel, dtype),
            dx: matrix(rows, dModel, dtype),
            dIn: matrix(dModel, dExpert, 'f32'),
            dOut: matrix(dExpert, dModel, 'f32'),
          };
          multiply('NN', ofX, wIn, hidden, { kind: 'relu', bias: null });
          multiply('NN', hidden, out, own.y, STORE);
          multiply('NT', ofDy, out, dInSums, { kind: 'mask', mask: hidden });
          multiply('TN', hidden, ofDy, own.dOut, 'accumulate');
          multiply('NT', dInSums, wIn, own.dx, STORE);
          multiply('TN', ofX, dInSums, own.dIn, 'accumulate');
          return { ...own, hidden };
        }, expert.expected);
      }),
      { numRuns: 30, seed: 2 },
    );
  });

  it.each(['geglu', 'swiglu'] as const)('agree on an expert of %s: gated, gatedBackward', (activation) => {
    const gate = activation === 'geglu' ? 'gelu' : 'silu';
    fc.assert(
      fc.property(side, side, side, fc.nat(1e6), (rows, dModel, dExpert, seed) => {
        const expert = expertOf(numerics, { rows, dModel, dExpert, activation }, seed, draw);
        const { x, dy, weights } = expert;
        const { matrix, multiply, compare } = bench();
        compare(() => {
          const [ofX, ofDy, out] = [
            matrix(rows, dModel, dtype, x),
            matrix(rows, dModel, dtype, dy),
            matrix(dExpert, dModel, dtype, weights.out),
          ];
          const [wGate, wIn] = [matrix(dModel, dExpert, dtype, weights.gate), matrix(dModel, dExpert, dtype, weights.in)];
          const [hidden, dInSums, dGateSums] = [0, 1, 2].map(() => matrix(rows, dExpert, dtype));
          const [gateSums, inSums] = [matrix(rows, dExpert, 'f32'), matrix(rows, dExpert, 'f32')];
          const own = {
            y: matrix(rows, dModel, dtype),
            dx: matrix(rows, dModel, dtype),
            dGate: matrix(dModel, dExpert, 'f32'),
            dIn: matrix(dModel, dExpert, 'f32'),
          };
          multiply('NN', ofX, wGate, gateSums, STORE);
          multiply('NN', ofX, wIn, hidden, { kind: 'gated', gate, gateSums, sums: inSums });
          multiply('NN', hidden, out, own.y, STORE);
          multiply('NT', ofDy, out, dInSums, { kind: 'gatedBackward', gate, gateSums, sums: inSums, dGateSums });
          multiply('NT', dInSums, wIn, own.dx, STORE);
          multiply('NT', dGateSums, wGate, own.dx, { kind: 'add' });
          multiply('TN', ofX, dInSums, own.dIn, 'accumulate');
          multiply('TN', ofX, dGateSums, own.dGate, 'accumulate');
          return { ...own, hidden, gateSums, inSums };
        }, expert.expected);
      }),
      { numRuns: 30, seed: 3 },
    );
  });

  it('agree on attention: scores with bias, mask and cause; addScaled', () => {
    fc.assert(
      fc.property(side, side, side, fc.boolean(), fc.nat(1e6), (queries, keys, headDim, causal, seed) => {
        const shape: AttentionShape = { batch: 1, queries, keys, heads: 1, kvHeads: 1, headDim, causal, firstQuery: 2, scale: 0.4 };
        const [q, k, v] = [draw(seed, queries * headDim), draw(seed + 1, keys * headDim), draw(seed + 2, keys * headDim)];
        const [bias, dContext, dqBefore] = [
          drawF32(seed + 3, queries * keys),
          draw(seed + 4, queries * headDim),
          draw(seed + 5, queries * headDim),
        ];
        const keyMask = Uint8Array.from({ length: keys }, (_, j) => Number((seed + 3 * j) % 4 > 0));
        const { matrix, multiply, compare } = bench();
        // Through the softmax of the reference: what it makes of equal scores is equal.
        const scores = new Float32Array(queries * keys);
        const [ofQ, ofK] = [matrix(queries, headDim, dtype, q), matrix(keys, headDim, dtype, k)];
        const ofMask = matrix(1, keys, 'f32').offset;
        new Uint8Array(gemmMemory.buffer, ofMask, keys).set(keyMask);
        const epilogue: Epilogue = {
          kind: 'scores',
          scale: 0.4,
          bias: matrix(queries, keys, 'f32', bias),
          firstQuery: causal ? 2 : null,
          keyMask: ofMask,
        };
        const target = matrix(queries, keys, 'f32');
        multiply('NT', ofQ, ofK, target, epilogue);
        scores.set(new Float32Array(gemmMemory.buffer, target.offset, queries * keys));
        const probabilities = numerics.zeros(queries * keys);
        attention(numerics, shape, { q, k, v, bias, keyMask }, { probabilities, context: numerics.zeros(queries * headDim) });
        expect(probabilitiesOf(numerics, scores, queries, keys)).toEqual(Array.from(probabilities));

        const open: AttentionShape = { ...shape, causal: false };
        const gradients = { dq: dqBefore.slice(), dk: numerics.zeros(keys * headDim), dv: numerics.zeros(keys * headDim), dBias: null };
        attentionBackward(numerics, open, { q, k, v, bias, keyMask: null }, probabilities, dContext, gradients);
        const dScores = dScoresOf(numerics, open, probabilities, dContext, v);
        compare(
          () => {
            multiply('NT', ofQ, ofK, target, epilogue);
            const dq = matrix(queries, headDim, dtype, dqBefore);
            multiply('NN', matrix(queries, keys, dtype, dScores), ofK, dq, { kind: 'addScaled', scale: 0.4 });
            return { scores: target, dq };
          },
          { scores, dq: gradients.dq },
        );
      }),
      { numRuns: 30, seed: 4 },
    );
  });
});

/** An expert, and what the reference makes of it. */
function expertOf(numerics: Numerics, shape: ExpertShape, seed: number, draw: (seed: number, elements: number) => Reals) {
  const { rows, dModel, dExpert, activation } = shape;
  const [x, dy] = [draw(seed, rows * dModel), draw(seed + 1, rows * dModel)];
  const one = (offset: number): Reals => draw(seed + offset, dModel * dExpert);
  const weights = { gate: activation === 'relu' ? null : one(2), in: one(3), out: one(4) };
  const activations = createExpertActivations(numerics, shape);
  const zeros = (elements: number): Reals => numerics.zeros(elements);
  const [y, dx, dIn, dOut, dGate] = [rows * dModel, rows * dModel, dModel * dExpert, dModel * dExpert, dModel * dExpert].map(zeros);
  const inputs = { x, weights, dropout: null };
  expertFeedForward(numerics, shape, inputs, activations, y);
  expertFeedForwardBackward(numerics, shape, inputs, activations, dy, { dx, dIn, dOut, dGate: weights.gate === null ? null : dGate });
  const { hidden, inSums, gateSums } = activations;
  return { x, dy, weights, expected: { y, dx, dIn, dOut, dGate, hidden, inSums, gateSums: gateSums ?? zeros(0) } };
}

/** Softmax of the rows, zeros where a row sees nothing. */
function probabilitiesOf(numerics: Numerics, scores: Reals, rows: number, columns: number): number[] {
  const [y, statistics] = [numerics.zeros(rows * columns), numerics.zeros(2 * rows)];
  softmax(numerics, { rows, columns }, scores, y, statistics);
  for (let row = 0; row < rows; row++) if (statistics[row] === Number.NEGATIVE_INFINITY) y.fill(0, row * columns, (row + 1) * columns);
  return Array.from(y);
}

/** The gradient of the scores, one head, all keys seen: softmax's backward of dContext v^T. */
function dScoresOf(numerics: Numerics, { queries, keys, headDim }: AttentionShape, probabilities: Reals, dContext: Reals, v: Reals): Reals {
  const sums = new Float32Array(queries * keys);
  for (let i = 0; i < queries; i++) {
    for (let j = 0; j < keys; j++) {
      for (let d = 0; d < headDim; d++)
        sums[i * keys + j] = Math.fround(sums[i * keys + j] + Math.fround(dContext[i * headDim + d] * v[j * headDim + d]));
    }
  }
  const dScores = numerics.zeros(queries * keys);
  softmaxBackward(numerics, { rows: queries, columns: keys }, probabilities, sums, dScores);
  return dScores;
}
