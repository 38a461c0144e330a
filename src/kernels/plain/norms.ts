import { f32Elements } from '../../model/index.ts';
import { type NormKernels, normGainSizes, normSizes } from '../norms.ts';
import { rmsNorm, rmsNormBackward } from '../reference/rms-norm.ts';
import type { KernelMemory } from '../table.ts';
import { numericsOf, readReals, writeReals } from './reals.ts';

/** The reference kernel; the half of its backward that is not asked for goes nowhere. */
export function createPlainNorms(memory: KernelMemory): NormKernels {
  const read = readReals.bind(null, memory);
  return {
    rmsNorm(x, gain, y, inverseRms) {
      const [rows, dModel] = normSizes('rmsNorm', [x, y], inverseRms, gain);
      const values = new Float32Array(rows * dModel);
      const inputs = { x: read(x), gain: read(gain) };
      rmsNorm(numericsOf(x.dtype), { rows, dModel }, inputs, { y: values, inverseRms: read(inverseRms) });
      writeReals(memory, y, values);
    },

    rmsNormBackward(x, gain, inverseRms, dy, dx) {
      const [rows, dModel] = normSizes('rmsNormBackward', [x, dy, dx], inverseRms, gain);
      const gradients = { dx: read(dx), dGain: new Float32Array(dModel) };
      rmsNormBackward(numericsOf(x.dtype), { rows, dModel }, { x: read(x), gain: read(gain) }, read(inverseRms), read(dy), gradients);
      writeReals(memory, dx, gradients.dx);
    },

    rmsNormBackwardGain(x, inverseRms, dy, dGain, { from, to }) {
      const [rows, dModel] = normGainSizes(x, inverseRms, dy, dGain, { from, to });
      const gain = new Float32Array(dModel);
      const gradients = { dx: new Float32Array(rows * dModel), dGain: read(dGain).slice() };
      rmsNormBackward(numericsOf(x.dtype), { rows, dModel }, { x: read(x), gain }, read(inverseRms), read(dy), gradients);
      f32Elements(memory.buffer, dGain).set(gradients.dGain.subarray(from, to), from);
    },
  };
}
