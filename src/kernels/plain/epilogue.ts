import { ACTIVATIONS_F32 } from '../activations-f32.ts';
import { bf16Bits, bf16Value, roundToBf16 } from '../bf16.ts';
import type { Epilogue, Matrix } from '../gemm.ts';
import type { KernelMemory } from '../table.ts';

/**
 * What becomes of the sums, one element at a time: the definition, which vector code has to equal. `finish(row, column, sum)` takes one sum of the
 * call and writes every output that its epilogue has.
 */
export function openEpilogue(memory: KernelMemory, target: Matrix, epilogue: Epilogue): (row: number, column: number, sum: number) => void {
  const out = elements(memory, target);
  const fround = Math.fround;
  switch (epilogue.kind) {
    case 'store':
    case 'relu':
    case 'gelu': {
      const { kind } = epilogue;
      const bias = epilogue.bias === null ? null : elements(memory, epilogue.bias);
      return (row, column, sum) => {
        const x = bias === null ? sum : fround(sum + bias.get(0, column));
        if (kind === 'store') out.set(row, column, x);
        else if (kind === 'relu') out.set(row, column, Math.max(x, 0));
        else out.set(row, column, ACTIVATIONS_F32.gelu.value(x));
      };
    }
    case 'gated': {
      const { value } = ACTIVATIONS_F32[epilogue.gate];
      const gateSums = elements(memory, epilogue.gateSums);
      const sums = epilogue.sums === null ? null : elements(memory, epilogue.sums);
      return (row, column, sum) => {
        sums?.set(row, column, sum);
        out.set(row, column, fround(value(gateSums.get(row, column)) * sum));
      };
    }
    case 'mask': {
      const mask = elements(memory, epilogue.mask);
      return (row, column, sum) => out.set(row, column, mask.get(row, column) > 0 ? sum : 0);
    }
    case 'gatedBackward': {
      const { value, derivative } = ACTIVATIONS_F32[epilogue.gate];
      const [gateSums, sums, dGateSums] = [epilogue.gateSums, epilogue.sums, epilogue.dGateSums].map((matrix) => elements(memory, matrix));
      const stored = storedAs(target);
      return (row, column, sum) => {
        const gate = gateSums.get(row, column);
        const dHidden = stored(sum);
        const before = sums.get(row, column);
        out.set(row, column, fround(dHidden * value(gate)));
        dGateSums.set(row, column, fround(fround(dHidden * before) * derivative(gate)));
      };
    }
    case 'add':
      return (row, column, sum) => out.set(row, column, fround(out.get(row, column) + sum));
    case 'addScaled': {
      const scale = fround(epilogue.scale);
      return (row, column, sum) => out.set(row, column, fround(out.get(row, column) + fround(scale * sum)));
    }
    case 'scores': {
      const { firstQuery, keyMask } = epilogue;
      const scale = fround(epilogue.scale);
      const bias = epilogue.bias === null ? null : elements(memory, epilogue.bias);
      const seen = keyMask === null ? null : new Uint8Array(memory.buffer, keyMask, target.columns);
      return (row, column, sum) => {
        const hidden = (firstQuery !== null && column > firstQuery + row) || (seen !== null && seen[column] === 0);
        const scaled = fround(sum * scale);
        out.set(row, column, hidden ? Number.NEGATIVE_INFINITY : bias === null ? scaled : fround(scaled + bias.get(row, column)));
      };
    }
  }
}

/** The elements of a matrix as numbers; what is set is rounded to its dtype. */
export interface Elements {
  get(row: number, column: number): number;
  set(row: number, column: number, value: number): void;
}

export function elements({ buffer }: KernelMemory, { offset, rows, columns, stride, dtype }: Matrix): Elements {
  const count = rows === 0 ? 0 : (rows - 1) * stride + columns;
  if (dtype === 'f32') {
    const values = new Float32Array(buffer, offset, count);
    return {
      get: (row, column) => values[row * stride + column],
      set: (row, column, value) => {
        values[row * stride + column] = value;
      },
    };
  }
  const bits = new Uint16Array(buffer, offset, count);
  return {
    get: (row, column) => bf16Value(bits[row * stride + column]),
    set: (row, column, value) => {
      bits[row * stride + column] = bf16Bits(value);
    },
  };
}

/** Rounds as the matrix would store it. */
function storedAs({ dtype }: Matrix): (value: number) => number {
  return dtype === 'f32' ? Math.fround : roundToBf16;
}

/** What is wrong with the matrices of an epilogue: a shape that is not the target's, or a dtype that is not known. Null when all is well. */
export function epilogueFault(target: Matrix, epilogue: Epilogue): string | null {
  const { rows, columns, dtype } = target;
  const fault = (name: string, matrix: Matrix | null, wantedRows: number, wanted: Matrix['dtype']): string | null =>
    matrix === null || (matrix.rows === wantedRows && matrix.columns === columns && matrix.dtype === wanted && matrix.stride >= columns)
      ? null
      : `${epilogue.kind}.${name} ${matrix.dtype} ${matrix.rows} x ${matrix.columns} for ${wanted} ${wantedRows} x ${columns}`;
  switch (epilogue.kind) {
    case 'store':
    case 'relu':
    case 'gelu':
      return fault('bias', epilogue.bias, 1, 'f32');
    case 'gated':
      return fault('sums', epilogue.sums, rows, 'f32') ?? fault('gateSums', epilogue.gateSums, rows, 'f32');
    case 'mask':
      return fault('mask', epilogue.mask, rows, dtype);
    case 'gatedBackward':
      return (
        fault('gateSums', epilogue.gateSums, rows, 'f32') ??
        fault('sums', epilogue.sums, rows, 'f32') ??
        fault('dGateSums', epilogue.dGateSums, rows, dtype)
      );
    case 'scores':
      return fault('bias', epilogue.bias, rows, 'f32');
    case 'add':
    case 'addScaled':
      return null;
  }
}
