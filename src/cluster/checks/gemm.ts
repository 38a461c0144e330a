import { type Epilogue, type KernelTable, type Matrix, matrixOf, STORE } from '../../kernels/index.ts';
import type { Dtype, TensorView } from '../../model/index.ts';
import { type CheckPlace, type KernelCheck, windowOf } from './check.ts';

const DTYPES: readonly Dtype[] = ['bf16', 'f32'];
const LAYOUTS = [
  { name: 'NN', transposeLeft: false, transposeRight: false },
  { name: 'NT', transposeLeft: false, transposeRight: true },
  { name: 'TN', transposeLeft: true, transposeRight: false },
] as const;

/**
 * More than one tile of every path in each direction, and an edge: tiles have up to 14 rows and 32 columns. k is odd, for kernels that take it in pairs; and short, because
 * the oracle is slow when it runs for the first time.
 */
const [M, K, N] = [31, 11, 41];

/** Moderate operands, so that the fused kernel runs on bf16 and the plain one on f32. The gradient of weights (TN) adds to what is there: zeros here. */
const products: readonly KernelCheck[] = DTYPES.flatMap((dtype) =>
  LAYOUTS.map(
    ({ name, transposeLeft, transposeRight }): KernelCheck => ({
      name: `gemm ${name} of ${dtype}`,
      outcome: `gemm of ${dtype}`,
      run: (table, place) => {
        const left = (transposeLeft ? place.randomTransposed : place.random)([M, K], dtype);
        const right = (transposeRight ? place.randomTransposed : place.random)([K, N], dtype);
        const target = place.drawnFrom([0], [M, N], 'f32');
        const call = { left: matrixOf(left), right: matrixOf(right), target: matrixOf(target), transposeLeft, transposeRight };
        table.gemm({ ...call, accumulate: transposeLeft, epilogue: STORE }, scratchOf(table, place));
        return [target];
      },
    }),
  ),
);

/** Numbers for which rounding once and twice, or flushing, would differ; and those that are none. */
const EXTREME = [0, -0, 1, -1.5, 0.1, 3, 2 ** -149, -(2 ** -133), 2 ** -126, 1.5 * 2 ** -64, 2 ** 64, 3e38];
const SPECIAL = {
  extreme: EXTREME,
  'not finite': [...EXTREME, ...EXTREME, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
};

const specialProducts: readonly KernelCheck[] = DTYPES.flatMap((dtype) =>
  Object.entries(SPECIAL).map(
    ([name, values]): KernelCheck => ({
      name: `gemm of ${name} ${dtype}`,
      run: (table, place) =>
        product(table, place, dtype, STORE, place.drawnFrom(values, [9, 7], dtype), place.drawnFrom(values, [7, 21], dtype)),
    }),
  ),
);

const [ROWS, COLUMNS] = [7, 13];

/** Every epilogue with all its operands, over windows of wider matrices; a few columns are left over when vectors are full. */
const EPILOGUES: Readonly<Record<string, (place: CheckPlace, dtype: Dtype) => readonly [Epilogue, ...TensorView[]]>> = {
  relu: (place) => [{ kind: 'relu', bias: matrixOf(place.random([1, COLUMNS], 'f32')) }],
  gelu: (place) => [{ kind: 'gelu', bias: matrixOf(place.random([1, COLUMNS], 'f32')) }],
  gated: (place) => {
    const sums = place.empty([ROWS, COLUMNS], 'f32');
    return [{ kind: 'gated', gate: 'silu', gateSums: operand(place, 'f32'), sums: matrixOf(sums) }, sums];
  },
  mask: (place, dtype) => [{ kind: 'mask', mask: operand(place, dtype) }],
  gatedBackward: (place, dtype) => {
    const dGateSums = place.empty([ROWS, COLUMNS], dtype);
    const [gateSums, sums] = [operand(place, 'f32'), operand(place, 'f32')];
    return [{ kind: 'gatedBackward', gate: 'gelu', gateSums, sums, dGateSums: matrixOf(dGateSums) }, dGateSums];
  },
  add: () => [{ kind: 'add' }],
  addScaled: () => [{ kind: 'addScaled', scale: 0.3 }],
  scores: (place) => {
    const keyMask = place.bytes(Array.from({ length: COLUMNS }, (_, j) => (j === 3 ? 0 : 1)));
    return [{ kind: 'scores', scale: 0.125, bias: operand(place, 'f32'), firstQuery: 4, keyMask }];
  },
};

const epilogues: readonly KernelCheck[] = DTYPES.flatMap((dtype) =>
  Object.entries(EPILOGUES).map(
    ([name, open]): KernelCheck => ({
      name: `gemm with ${name} to ${dtype}`,
      run: (table, place) => {
        const [epilogue, ...others] = open(place, dtype);
        const [left, right] = [place.random([ROWS, 5], 'bf16'), place.random([5, COLUMNS], 'bf16')];
        return [...product(table, place, dtype, epilogue, left, right), ...others];
      },
    }),
  ),
);

/** The product of a router: bf16 tokens, f32 weights, never fused. */
const router: KernelCheck = {
  name: 'matmul',
  run: (table, place) => {
    const [tokens, weights] = [place.random([17, 9], 'bf16'), place.random([9, 21], 'f32')];
    const packed = place.scratch(table.packedElements(9, 21));
    const logits = place.empty([17, 21], 'f32');
    table.packRight(weights, packed);
    table.matmul(tokens, packed, logits, place.scratch(table.scratchElements(17, 9, 21)));
    return [logits];
  },
};

export const gemmChecks: readonly KernelCheck[] = [...products, ...specialProducts, ...epilogues, router];

/** left x right into a target of random numbers. */
function product(
  table: KernelTable,
  place: CheckPlace,
  dtype: Dtype,
  epilogue: Epilogue,
  left: TensorView,
  right: TensorView,
): TensorView[] {
  const target = place.random([left.shape[0], right.shape[1]], dtype);
  const call = { left: matrixOf(left), right: matrixOf(right), target: matrixOf(target), accumulate: false, epilogue };
  table.gemm({ ...call, transposeLeft: false, transposeRight: false }, scratchOf(table, place));
  return [target];
}

/** A random [ROWS, COLUMNS] inside of a wider matrix. */
function operand(place: CheckPlace, dtype: Dtype): Matrix {
  return windowOf(place.random([ROWS + 1, COLUMNS + 1], dtype));
}

function scratchOf(table: KernelTable, place: CheckPlace): TensorView {
  return place.scratch(table.gemmScratchElements);
}
