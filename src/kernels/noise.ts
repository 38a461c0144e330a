import type { Purpose } from '../base/index.ts';
import type { TensorView } from '../model/index.ts';

/**
 * Bulk noise: the bytes of Philox4x32-10 blocks, sixteen values of 256 levels to a block. A bf16 has eight significant bits, so finer levels
 * would mostly be rounded away again, and tokens and expert weights need 700 million values. Same words as `philox` in base/, in one inlined loop
 * because a call per block costs twice as much.
 */

/** A stream of noise: the key and the counter of its blocks, but for the number of the block. */
export interface NoiseStream {
  readonly seed: number;
  readonly purpose: Purpose;
  readonly layer: number;
  readonly token: number;
}

export interface NoiseKernels {
  /** target bf16 [n] = round(noise_i + centre_i), noise of mean 0 and the given standard deviation, centre f32 [n] or null for 0. */
  noiseRow(stream: NoiseStream, deviation: number, centre: TensorView | null, target: TensorView): void;
}

/** Philox4x32-10, as in base/random.ts. */
export const PHILOX = { multipliers: [0xd2511f53, 0xcd9e8d57], weyl: [0x9e3779b9, 0xbb67ae85], rounds: 10 } as const;
const [MULTIPLIER_0, MULTIPLIER_1] = PHILOX.multipliers;
const [WEYL_0, WEYL_1] = PHILOX.weyl;
const LOW_0 = MULTIPLIER_0 & 0xffff;
const HIGH_0 = MULTIPLIER_0 >>> 16;
const LOW_1 = MULTIPLIER_1 & 0xffff;
const HIGH_1 = MULTIPLIER_1 >>> 16;

/** One to a byte. */
export const VALUES_PER_BLOCK = 16;
const LEVELS = 256;

/** Fills `words` with the blocks 0, 1, ... of stream (seed, purpose, layer, token): block b is words[4 b .. 4 b + 3]. */
export function fillNoise(words: Uint32Array, seed: number, purpose: Purpose, layer: number, token: number): void {
  const tokenLow = token | 0;
  const tokenHigh = Math.floor(token / 0x1_0000_0000) | 0;
  for (let at = 0, block = 0; at < words.length; at += 4, block++) {
    let c0 = layer | 0;
    let c1 = tokenLow;
    let c2 = block;
    let c3 = tokenHigh;
    let k0 = seed | 0;
    let k1 = purpose | 0;
    for (let round = 0; round < PHILOX.rounds; round++) {
      const c0Low = c0 & 0xffff;
      const c0High = c0 >>> 16;
      const middle0 = (Math.imul(HIGH_0, c0Low) >>> 0) + (Math.imul(LOW_0, c0Low) >>> 16);
      const cross0 = (Math.imul(LOW_0, c0High) >>> 0) + (middle0 & 0xffff);
      const high0 = (Math.imul(HIGH_0, c0High) + (middle0 >>> 16) + (cross0 >>> 16)) | 0;
      const c2Low = c2 & 0xffff;
      const c2High = c2 >>> 16;
      const middle1 = (Math.imul(HIGH_1, c2Low) >>> 0) + (Math.imul(LOW_1, c2Low) >>> 16);
      const cross1 = (Math.imul(LOW_1, c2High) >>> 0) + (middle1 & 0xffff);
      const high1 = (Math.imul(HIGH_1, c2High) + (middle1 >>> 16) + (cross1 >>> 16)) | 0;
      const low0 = Math.imul(MULTIPLIER_0, c0);
      const low1 = Math.imul(MULTIPLIER_1, c2);
      c0 = high1 ^ c1 ^ k0;
      c1 = low1;
      c2 = high0 ^ c3 ^ k1;
      c3 = low0;
      k0 = (k0 + WEYL_0) | 0;
      k1 = (k1 + WEYL_1) | 0;
    }
    words[at] = c0;
    words[at + 1] = c1;
    words[at + 2] = c2;
    words[at + 3] = c3;
  }
}

/** Words for at least `values` bytes, in whole blocks. */
export function noiseWords(values: number): Uint32Array {
  return new Uint32Array(Math.ceil(values / VALUES_PER_BLOCK) * 4);
}

/** Half the distance between two levels. */
export function noiseStep(deviation: number): number {
  return deviation * Math.sqrt(3 / (LEVELS * LEVELS - 1));
}

/** [256] the levels of a uniform distribution of mean 0 and the given standard deviation: the odd numbers -255 .. 255, scaled. */
export function noiseLevels(deviation: number): Float32Array {
  const step = noiseStep(deviation);
  return Float32Array.from({ length: LEVELS }, (_, level) => (2 * level - (LEVELS - 1)) * step);
}

/** target[i] = levels[byte i], bytes taken from the low end of each word; target.length is a multiple of 4, or its rest is cut off. */
export function lookUpNoise<Target extends Float32Array | Uint16Array>(words: Uint32Array, levels: Target, target: Target): void {
  const whole = target.length & ~3;
  for (let i = 0, w = 0; i < whole; i += 4, w++) {
    const word = words[w];
    target[i] = levels[word & 0xff];
    target[i + 1] = levels[(word >>> 8) & 0xff];
    target[i + 2] = levels[(word >>> 16) & 0xff];
    target[i + 3] = levels[word >>> 24];
  }
  for (let i = whole; i < target.length; i++) target[i] = levels[(words[i >> 2] >>> (8 * (i & 3))) & 0xff];
}
