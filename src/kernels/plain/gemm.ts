import { assert } from '../../base/index.ts';
import type { TensorView } from '../../model/index.ts';
import { widenBf16 } from '../bf16.ts';
import type { GemmCall, GemmKernels, Matrix } from '../gemm.ts';
import type { KernelMemory } from '../table.ts';
import { elements, epilogueFault, openEpilogue } from './epilogue.ts';

/** The product of a call as three loops: the oracle of every other one. */
export function createPlainGemm(memory: KernelMemory): GemmKernels {
  return {
    gemmScratchElements: 0,
    gemm(call: GemmCall, _scratch: TensorView) {
      const [m, k, n] = gemmSizes(call);
      const { left, right, target, transposeLeft, transposeRight, accumulate, epilogue } = call;
      // Both along k: [m, k] and [n, k].
      const a = transposeLeft ? transposed(denseRows(memory, left), k, m) : denseRows(memory, left);
      const b = transposeRight ? denseRows(memory, right) : transposed(denseRows(memory, right), k, n);
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

/** Checks the shapes of a call; [M, K, N]. Products may be small and many, so words are made only where something is wrong. */
export function gemmSizes(call: GemmCall): [number, number, number] {
  const fault = faultOf(call) ?? epilogueFault(call.target, call.epilogue);
  assert(fault === null, `gemm: ${fault}`);
  const { left, right, transposeLeft, transposeRight } = call;
  return [transposeLeft ? left.columns : left.rows, transposeLeft ? left.rows : left.columns, transposeRight ? right.rows : right.columns];
}

function faultOf({ left, right, target, transposeLeft, transposeRight, accumulate, epilogue }: GemmCall): string | null {
  const [m, k] = transposeLeft ? [left.columns, left.rows] : [left.rows, left.columns];
  const [depth, n] = transposeRight ? [right.columns, right.rows] : [right.rows, right.columns];
  if (k !== depth) return `left is ${m} x ${k}, right is ${depth} x ${n}`;
  if (target.rows !== m || target.columns !== n) return `product ${m} x ${n} into ${target.rows} x ${target.columns}`;
  const narrow = left.stride < left.columns ? left : right.stride < right.columns ? right : target.stride < n ? target : null;
  if (narrow !== null) return `rows of ${narrow.columns} elements every ${narrow.stride}`;
  if (accumulate && (target.dtype !== 'f32' || epilogue.kind !== 'store' || epilogue.bias !== null))
    return `accumulate into ${target.dtype} with ${epilogue.kind}`;
  return null;
}

/** The values of a matrix, row by row without gaps. */
export function denseRows({ buffer }: KernelMemory, { offset, rows, columns, stride, dtype }: Matrix): Float32Array {
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const target = values.subarray(row * columns, (row + 1) * columns);
    if (dtype === 'f32') target.set(new Float32Array(buffer, offset + row * stride * 4, columns));
    else widenBf16(new Uint16Array(buffer, offset + row * stride * 2, columns), target);
  }
  return values;
}

/** [rows, columns] to [columns, rows]. */
function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const target = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) target[column * rows + row] = values[row * columns + column];
  }
  return target;
}
