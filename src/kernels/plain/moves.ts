import { bf16Elements, f32Elements, type TensorView } from '../../model/index.ts';
import { roundArrayToBf16, roundInPlaceToBf16, widenBf16 } from '../bf16.ts';
import { combineBackwardSizes, combineSizes, convertSizes, gatherSizes, scatterSizes } from '../move-checks.ts';
import type { MoveKernels } from '../moves.ts';
import { F32 } from '../numerics.ts';
import { addScaled, dot } from '../reference/assignment-rows.ts';
import type { KernelMemory } from '../table.ts';

/** Moves of rows, one f32 row at a time. */
export function createPlainMoves(memory: KernelMemory): MoveKernels {
  return {
    ...createPlainCombine(memory),

    gatherRows(source, rows, target) {
      const sizes = gatherSizes(memory, source, rows, target);
      const [from, to] = [openRows(memory, source, sizes.width), openRows(memory, target, sizes.width)];
      const number = new Int32Array(memory.buffer, rows, sizes.rows);
      const row = new Float32Array(sizes.width);
      for (let r = 0; r < sizes.rows; r++) {
        if (number[r] < 0) row.fill(0);
        else {
          from.read(number[r], row);
          for (let d = 0; d < row.length; d++) row[d] += 0;
        }
        to.write(r, row);
      }
    },

    scatterAddRows(source, rows, target) {
      const sizes = scatterSizes(memory, source, rows, target);
      const from = openRows(memory, source, sizes.width);
      const number = new Int32Array(memory.buffer, rows, sizes.rows);
      const sums = f32Elements(memory.buffer, target);
      const row = new Float32Array(sizes.width);
      for (let t = 0; t < sizes.rows; t++) {
        from.read(t, row);
        const to = number[t] * row.length;
        for (let d = 0; d < row.length; d++) sums[to + d] += row[d];
      }
    },

    convert(source, target) {
      const elements = convertSizes(source, target);
      if (elements === 0) return;
      if (source.dtype === target.dtype) {
        const elementsOf = (view: TensorView) => (view.dtype === 'f32' ? f32Elements : bf16Elements)(memory.buffer, view);
        elementsOf(target).set(elementsOf(source));
      } else if (source.dtype === 'f32') roundArrayToBf16(f32Elements(memory.buffer, source), bf16Elements(memory.buffer, target));
      else widenBf16(bf16Elements(memory.buffer, source), f32Elements(memory.buffer, target));
    },
  };
}

function createPlainCombine(memory: KernelMemory): Pick<MoveKernels, 'combineRows' | 'combineRowsBackward'> {
  return {
    combineRows(source, starts, rows, weights, target, adds) {
      const sizes = combineSizes(memory, source, starts, rows, target);
      const [from, to] = [openRows(memory, source, sizes.width), openRows(memory, target, sizes.width)];
      const start = new Int32Array(memory.buffer, starts, sizes.rows + 1);
      const number = new Int32Array(memory.buffer, rows, start[sizes.rows]);
      const weight = weights === null ? null : storedWeights(memory, weights, number.length, source);
      const [row, sums] = [new Float32Array(sizes.width), new Float32Array(sizes.width)];
      for (let s = 0; s < sizes.rows; s++) {
        sums.fill(0);
        for (let n = start[s]; n < start[s + 1]; n++) {
          from.read(number[n], row);
          addScaled(F32, weight === null ? 1 : weight[n], row, 0, sums, 0, row.length);
        }
        if (adds) {
          to.read(s, row);
          for (let d = 0; d < row.length; d++) sums[d] += row[d];
        }
        to.write(s, sums);
      }
    },

    combineRowsBackward(source, dTarget, tokens, weights, dSource, dWeights) {
      const sizes = combineBackwardSizes(memory, source, dTarget, tokens, dSource);
      const [values, from, to] = [source, dTarget, dSource].map((view) => openRows(memory, view, sizes.width));
      const token = new Int32Array(memory.buffer, tokens, sizes.rows);
      const weight = storedWeights(memory, weights, sizes.rows, source);
      const dWeight = new Float32Array(memory.buffer, dWeights, sizes.rows);
      const [row, gradient, scaled] = [0, 1, 2].map(() => new Float32Array(sizes.width));
      for (let b = 0; b < sizes.rows; b++) {
        scaled.fill(0);
        dWeight[b] = 0;
        if (token[b] >= 0) {
          values.read(b, row);
          from.read(token[b], gradient);
          addScaled(F32, weight[b], gradient, 0, scaled, 0, row.length);
          dWeight[b] = dot(F32, gradient, 0, row, 0, row.length);
        }
        to.write(b, scaled);
      }
    },
  };
}

/** Rows of a tensor of either dtype, in and out as f32; what is written is rounded to its dtype. */
interface Rows {
  read(row: number, into: Float32Array): void;
  write(row: number, values: Float32Array): void;
}

function openRows({ buffer }: KernelMemory, view: TensorView, width: number): Rows {
  if (view.dtype === 'f32') {
    const values = f32Elements(buffer, view);
    return {
      read: (row, into) => into.set(values.subarray(row * width, (row + 1) * width)),
      write: (row, from) => values.set(from, row * width),
    };
  }
  const bits = bf16Elements(buffer, view);
  const rowBits = (row: number): Uint16Array => bits.subarray(row * width, (row + 1) * width);
  return {
    read: (row, into) => widenBf16(rowBits(row), into),
    write: (row, from) => roundArrayToBf16(from, rowBits(row)),
  };
}

/** The weights as the rows store numbers. */
function storedWeights({ buffer }: KernelMemory, weights: number, count: number, { dtype }: TensorView): Float32Array {
  const stored = new Float32Array(buffer, weights, count).slice();
  if (dtype === 'bf16') roundInPlaceToBf16(stored);
  return stored;
}
