import { type Dtype, elementCount } from '../../model/index.ts';
import { expectThat } from '../reference/check-shape.ts';
import { type SoftmaxKernels, sameRows, softmaxSizes, topKSizes } from '../softmax.ts';
import type { KernelMemory } from '../table.ts';
import type { WasmFunction } from './emitter.ts';
import { nameOf } from './row-sweep.ts';
import { maskedSoftmaxFunction, softmaxBackwardFunction, softmaxBackwardName, softmaxFunction } from './softmax-functions.ts';
import { topKFunction } from './top-k.ts';

const FLOAT_BYTES = 4;
const DTYPES: readonly Dtype[] = ['f32', 'bf16'];

export function softmaxFunctions(): WasmFunction[] {
  return [
    softmaxFunction(),
    ...DTYPES.map(maskedSoftmaxFunction),
    ...DTYPES.flatMap((y) => DTYPES.flatMap((dx) => [softmaxBackwardFunction(y, dx, false), softmaxBackwardFunction(y, dx, true)])),
    topKFunction(),
  ];
}

type Exported = (...values: number[]) => number;

export function createWasmSoftmax(exports: Record<string, unknown>, memory: KernelMemory): SoftmaxKernels {
  const wasm = exports as Record<string, Exported>;
  return {
    softmax(logits, firstColumn, probabilities, statistics) {
      const [rows, width, experts] = softmaxSizes(logits, firstColumn, probabilities, statistics);
      const source = logits.offset + firstColumn * FLOAT_BYTES;
      const sums = statistics.offset + rows * FLOAT_BYTES;
      wasm.softmax(source, width * FLOAT_BYTES, probabilities.offset, experts, rows, statistics.offset, sums);
    },

    maskedSoftmax(scores, probabilities) {
      const [rows, columns] = sameRows('maskedSoftmax', [scores], [probabilities]);
      wasm[nameOf('maskedSoftmax', probabilities.dtype)](scores.offset, probabilities.offset, columns, rows);
    },

    softmaxBackward(y, dy, dx, adds) {
      const [rows, columns] = sameRows('softmaxBackward', [dy], [y, dx]);
      wasm[softmaxBackwardName(y.dtype, dx.dtype, adds)](y.offset, dy.offset, dx.offset, columns, rows);
    },

    topK(x, values, indices) {
      const [rows, columns, k] = topKSizes(x, values);
      const row = wasm.topK(x.offset, values.offset, indices, k, columns, rows);
      if (row < 0) return;
      const column = new Float32Array(memory.buffer, x.offset, elementCount(x.shape)).subarray(row * columns).findIndex(Number.isNaN);
      expectThat(false, 'topK', `x at row ${row}, column ${column}`, 'must be a number', Number.NaN);
    },
  };
}
