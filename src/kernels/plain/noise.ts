import { bf16Elements, f32Elements } from '../../model/index.ts';
import { bf16Bits } from '../bf16.ts';
import { fillNoise, lookUpNoise, type NoiseKernels, noiseLevels, noiseWords } from '../noise.ts';
import type { KernelMemory } from '../table.ts';

export function createPlainNoise({ buffer }: KernelMemory): NoiseKernels {
  return {
    noiseRow({ seed, purpose, layer, token }, deviation, centre, target) {
      const rounded = bf16Elements(buffer, target);
      const words = noiseWords(rounded.length);
      fillNoise(words, seed, purpose, layer, token);
      const noise = new Float32Array(rounded.length);
      lookUpNoise(words, noiseLevels(deviation), noise);
      const centres = centre === null ? null : f32Elements(buffer, centre);
      for (let i = 0; i < noise.length; i++) rounded[i] = bf16Bits(centres === null ? noise[i] : noise[i] + centres[i]);
    },
  };
}
