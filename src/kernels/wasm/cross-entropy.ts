import { log } from '../../base/index.ts';
import { BYTES_PER_ELEMENT, type Dtype, f32Elements } from '../../model/index.ts';
import { type CrossEntropyKernels, crossEntropySizes, STATISTICS_PER_TOKEN, TOKEN_STATISTICS } from '../cross-entropy.ts';
import { F32 } from '../numerics.ts';
import { expectTargets, wantedShares } from '../reference/wanted-classes.ts';
import type { KernelMemory } from '../table.ts';
import { crossEntropyGradientFunction, crossEntropyLossFunction, crossEntropyRowsFunction } from './cross-entropy-rows.ts';
import type { WasmFunction } from './emitter.ts';
import { nameOf } from './row-sweep.ts';

const DTYPES: readonly Dtype[] = ['f32', 'bf16'];
const FLOAT_BYTES = 4;

export function crossEntropyFunctions(): WasmFunction[] {
  return [crossEntropyRowsFunction(), crossEntropyLossFunction(), ...DTYPES.map(crossEntropyGradientFunction)];
}

type Exported = (...values: number[]) => number;

/** What goes along the vocabulary runs in vectors; the few numbers of each token, its logarithm above all, are computed here, as the reference does it. */
export function createWasmCrossEntropy(exports: Record<string, unknown>, memory: KernelMemory): CrossEntropyKernels {
  const wasm = exports as Record<string, Exported>;
  const fround = Math.fround;
  return {
    crossEntropy(logits, targets, options, statistics) {
      const [tokens, vocabulary] = crossEntropySizes('crossEntropy', logits, statistics);
      const wanted = new Int32Array(memory.buffer, targets, tokens);
      const { labelSmoothing, zLoss, ignored } = expectTargets('crossEntropy', tokens, vocabulary, { ...options, targets: wanted });
      const { target, others } = wantedShares(F32, vocabulary, labelSmoothing);
      const [values, numbers] = [f32Elements(memory.buffer, logits), f32Elements(memory.buffer, statistics)];
      wasm.crossEntropyRows(logits.offset, statistics.offset, vocabulary, tokens);
      for (let t = 0; t < tokens; t++) {
        const own = numbers.subarray(t * STATISTICS_PER_TOKEN, (t + 1) * STATISTICS_PER_TOKEN);
        own.fill(0, TOKEN_STATISTICS.loss);
        if (wanted[t] === ignored) continue;
        const [maximum, sum] = own;
        const logSum = fround(log(sum));
        const row = t * vocabulary;
        own[TOKEN_STATISTICS.loss] =
          others === 0
            ? 0 + fround(target * fround(fround(maximum - values[row + wanted[t]]) + logSum))
            : wasm.crossEntropyLoss(logits.offset + row * FLOAT_BYTES, vocabulary, wanted[t], maximum, logSum, target, others);
        const logZ = fround(maximum + logSum);
        if (zLoss !== 0) own[TOKEN_STATISTICS.zLoss] = 0 + fround(zLoss * fround(logZ * logZ));
      }
    },

    crossEntropyBackward(logits, targets, options, statistics, { counted, dLoss }, dLogits) {
      const [tokens, vocabulary] = crossEntropySizes('crossEntropyBackward', logits, statistics, dLogits);
      const wanted = new Int32Array(memory.buffer, targets, tokens);
      const { labelSmoothing, zLoss, ignored } = expectTargets('crossEntropyBackward', tokens, vocabulary, { ...options, targets: wanted });
      const { target, others } = wantedShares(F32, vocabulary, labelSmoothing);
      const scale = counted === 0 ? 0 : fround(dLoss / counted);
      const numbers = f32Elements(memory.buffer, statistics);
      const run = wasm[nameOf('crossEntropyGradient', dLogits.dtype)];
      const rowBytes = vocabulary * BYTES_PER_ELEMENT[dLogits.dtype];
      for (let t = 0; t < tokens; t++) {
        const to = dLogits.offset + t * rowBytes;
        if (wanted[t] === ignored) {
          new Uint8Array(memory.buffer, to, rowBytes).fill(0);
          continue;
        }
        const maximum = numbers[t * STATISTICS_PER_TOKEN + TOKEN_STATISTICS.maximum];
        const sum = numbers[t * STATISTICS_PER_TOKEN + TOKEN_STATISTICS.sum];
        const logZ = fround(maximum + fround(log(sum)));
        const slope = fround(1 + fround(fround(2 * zLoss) * logZ));
        const from = logits.offset + t * vocabulary * FLOAT_BYTES;
        run(from, to, vocabulary, wanted[t], maximum, sum, slope, scale, target, others);
      }
    },
  };
}
