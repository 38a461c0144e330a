import { assert } from '../../base/index.ts';
import type { TensorView } from '../../model/index.ts';
import type { GemmCall, GemmKernels, Matrix } from '../gemm.ts';
import type { KernelMemory } from '../table.ts';
import { checkEpilogue, elements, openEpilogue } from './epilogue.ts';

/** The product of a call as three loops: the oracle of every other one, and the path of machines without SIMD. */
export function createPlainGemm(memory: KernelMemory): GemmKernels {
  return {
    gemmScratchElements: 0,
    gemm(call: GemmCall, _scratch: TensorView) {
      const [m, k, n] = gemmSizes(call);
      const { left, right, target, transposeLeft, transposeRight, accumulate, epilogue } = call;
      const a = dense(memory, left, transposeLeft);
      const b = dense(memory, right, !transposeRight);
      const finish = openEpilogue(memory, target, epilogue);
      const before = elements(memory, target);
      for (let row = 0; row < m; row++) {
        for (let column = 0; column < n; column++) {
          let sum = accumulate ? before.get(row, column) : 0;
          const [from, to] = [row * k, column * k];
          for (let l = 0; l < k; l++) sum = Math.fround(sum + Math.fround(a[from + l] * b[to + l]));
          finish(row, column, sum);
        }
      }
    },
  };
}

/** Checks the shapes of a call; [M, K, N]. */
export function gemmSizes({
  left,
  right,
  target,
  transposeLeft,
  transposeRight,
  accumulate,
  epilogue,
}: GemmCall): [number, number, number] {
  const [m, k] = transposeLeft ? [left.columns, left.rows] : [left.rows, left.columns];
  const [depth, n] = transposeRight ? [right.columns, right.rows] : [right.rows, right.columns];
  assert(k === depth, `gemm: left is ${m} x ${k}, right is ${depth} x ${n}`);
  assert(target.rows === m && target.columns === n, `gemm: product ${m} x ${n} into ${target.rows} x ${target.columns}`);
  for (const { columns, stride } of [left, right, target]) assert(stride >= columns, `gemm: rows of ${columns} elements every ${stride}`);
  assert(
    !accumulate || (target.dtype === 'f32' && epilogue.kind === 'store' && epilogue.bias === null),
    `gemm: accumulate into ${target.dtype} with ${epilogue.kind}`,
  );
  checkEpilogue(target, epilogue);
  return [m, k, n];
}

/** The values of a matrix, or of its transpose, row by row. */
function dense(memory: KernelMemory, matrix: Matrix, transposed: boolean): Float32Array {
  const { rows, columns } = matrix;
  const source = elements(memory, matrix);
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      values[transposed ? column * rows + row : row * columns + column] = source.get(row, column);
  }
  return values;
}
