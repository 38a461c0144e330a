import { BYTES_PER_ELEMENT, type Dtype } from '../../model/index.ts';
import { type NormKernels, normGainSizes, normSizes } from '../norms.ts';
import type { WasmFunction } from './emitter.ts';
import { rmsNormBackwardFunction, rmsNormBackwardGainFunction, rmsNormFunction } from './norm-functions.ts';
import { nameOf } from './row-sweep.ts';

const FLOAT_BYTES = 4;
const DTYPES: readonly Dtype[] = ['f32', 'bf16'];

export function normsFunctions(): WasmFunction[] {
  return DTYPES.flatMap((dtype) => [
    ...DTYPES.flatMap((gain) => [rmsNormFunction(dtype, gain), rmsNormBackwardFunction(dtype, gain)]),
    rmsNormBackwardGainFunction(dtype),
  ]);
}

type Exported = (...values: number[]) => void;

export function createWasmNorms(exports: Record<string, unknown>): NormKernels {
  const wasm = exports as Record<string, Exported>;
  return {
    rmsNorm(x, gain, y, inverseRms) {
      const [rows, dModel] = normSizes('rmsNorm', [x, y], inverseRms, gain);
      wasm[nameOf('rmsNorm', x.dtype, gain.dtype)](x.offset, gain.offset, inverseRms.offset, y.offset, dModel, rows, dModel);
    },

    rmsNormBackward(x, gain, inverseRms, dy, dx) {
      const [rows, dModel] = normSizes('rmsNormBackward', [x, dy, dx], inverseRms, gain);
      const run = wasm[nameOf('rmsNormBackward', x.dtype, gain.dtype)];
      run(x.offset, gain.offset, inverseRms.offset, dy.offset, dx.offset, dModel, rows, dModel);
    },

    rmsNormBackwardGain(x, inverseRms, dy, dGain, { from, to }) {
      const [rows, dModel] = normGainSizes(x, inverseRms, dy, dGain, { from, to });
      const bytes = BYTES_PER_ELEMENT[x.dtype];
      const run = wasm[nameOf('rmsNormBackwardGain', x.dtype)];
      const target = dGain.offset + from * FLOAT_BYTES;
      run(x.offset + from * bytes, dModel * bytes, inverseRms.offset, dy.offset + from * bytes, target, to - from, rows);
    },
  };
}
