import { assert, type Bytes } from '../../base/index.ts';
import { BYTES_PER_ELEMENT, type TensorView } from '../../model/index.ts';
import type { Epilogue, GemmCall, Matrix, Region } from '../gemm.ts';

/** Rows first .. first + rows - 1 of a tensor [.., columns], as a tensor. */
export function rowsOf(view: TensorView, first: number, rows: number): TensorView {
  const columns = view.shape[view.shape.length - 1];
  return { ...view, offset: view.offset + first * columns * BYTES_PER_ELEMENT[view.dtype], shape: [rows, columns] };
}

/** Matrix `index` of a tensor [.., rows, columns], such as the weights of one expert. */
export function matrixAt(view: TensorView, index: number): Matrix {
  const [rows, columns] = view.shape.slice(-2);
  return {
    offset: view.offset + index * rows * columns * BYTES_PER_ELEMENT[view.dtype],
    rows,
    columns,
    stride: columns,
    dtype: view.dtype,
  };
}

/** A list behind its first `count` entries of four bytes. */
export function listFrom(list: Bytes, count: number): Bytes {
  return list + count * 4;
}

/** The part of a call that makes a region of its target. Each sum keeps all of k, so the parts have the bits of the whole. */
export function regionOfCall(call: GemmCall, region: Region): GemmCall {
  const { row, column, rows, columns } = region;
  const { left, right, target } = call;
  return {
    ...call,
    left: call.transposeLeft
      ? windowOf(left, { ...region, row: 0, rows: left.rows, column: row, columns: rows })
      : acrossOf(left, row, rows),
    right: call.transposeRight ? acrossOf(right, column, columns) : windowOf(right, { ...region, row: 0, rows: right.rows }),
    target: windowOf(target, region),
    epilogue: regionOfEpilogue(call.epilogue, region),
  };
}

/** Whole rows of a matrix. */
export function acrossOf(matrix: Matrix, row: number, rows: number): Matrix {
  return windowOf(matrix, { row, rows, column: 0, columns: matrix.columns });
}

function windowOf(matrix: Matrix, { row, column, rows, columns }: Region): Matrix {
  assert(
    row >= 0 && column >= 0 && row + rows <= matrix.rows && column + columns <= matrix.columns,
    `rows ${row} + ${rows}, columns ${column} + ${columns} of a matrix of ${matrix.rows} x ${matrix.columns}`,
  );
  const elements = row * matrix.stride + column;
  return { ...matrix, offset: matrix.offset + elements * BYTES_PER_ELEMENT[matrix.dtype], rows, columns };
}

function regionOfEpilogue(epilogue: Epilogue, region: Region): Epilogue {
  switch (epilogue.kind) {
    case 'store':
    case 'relu':
    case 'gelu':
      return { ...epilogue, bias: epilogue.bias && windowOf(epilogue.bias, { ...region, row: 0, rows: 1 }) };
    case 'gated':
      return { ...epilogue, gateSums: windowOf(epilogue.gateSums, region), sums: epilogue.sums && windowOf(epilogue.sums, region) };
    case 'mask':
      return { ...epilogue, mask: windowOf(epilogue.mask, region) };
    case 'gatedBackward':
      return {
        ...epilogue,
        gateSums: windowOf(epilogue.gateSums, region),
        sums: windowOf(epilogue.sums, region),
        dGateSums: windowOf(epilogue.dGateSums, region),
      };
    case 'scores':
      return {
        ...epilogue,
        bias: epilogue.bias && windowOf(epilogue.bias, region),
        firstQuery: epilogue.firstQuery === null ? null : epilogue.firstQuery + region.row - region.column,
        keyMask: epilogue.keyMask === null ? null : epilogue.keyMask + region.column,
      };
    case 'add':
    case 'addScaled':
      return epilogue;
  }
}
