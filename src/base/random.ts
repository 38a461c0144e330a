/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al., SC 2011, doi 10.1145/2063384.2063405).
 * A number depends on its key and counter alone, never on who draws it or in which order, so results do not depend on threads or devices.
 * Keys follow one rule, (seed, purpose, step, layer, global token): see {@link Purpose}.
 */

/** What a stream is drawn for. Numbers are part of every fingerprint: append, never renumber. */
export const Purpose = {
  tokenCluster: 1,
  tokenNoise: 2,
  clusterCentre: 3,
  routerWeights: 4,
  secondExpert: 5,
  expertWeights: 6,
  syntheticRoute: 7,
  sample: 8,
  test: 9,
  jitter: 10,
  dropout: 11,
  expertDropout: 12,
  routerNoise: 13,
  tokenPriority: 14,
  tokenDomain: 15,
  assignedExpert: 16,
  networkMix: 17,
  firstWeights: 18,
  textPlace: 19,
} as const;
export type Purpose = (typeof Purpose)[keyof typeof Purpose];

/** More than there are purposes. */
const PURPOSES = 256;
/** Purpose and step share the 32 bits of one key word. */
const STEPS = 2 ** 24;

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** High 32 bits of the product of two unsigned 32-bit integers, by 16-bit halves; no partial sum exceeds 32 bits. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) >>> 0) + (Math.imul(aLow, bLow) >>> 16);
  const cross = (Math.imul(aLow, bHigh) >>> 0) + (middle & 0xffff);
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (cross >>> 16)) | 0;
}

/**
 * One Philox block: four unsigned 32-bit words for the 64-bit key (key0, key1) and the 128-bit counter (c0..c3), written to out[0..3].
 */
export function philox(out: Uint32Array, key0: number, key1: number, c0: number, c1: number, c2: number, c3: number): void {
  let k0 = key0 | 0;
  let k1 = key1 | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** Key and place of a draw: the seed, the purpose and the training step are the key; layer, token and block are the counter. */
export interface StreamKey {
  readonly seed: number;
  readonly purpose: Purpose;
  /** Training step, below 2^24; 0 where nothing is trained. */
  readonly step?: number;
  readonly layer: number;
  readonly token: number;
}

/** Fills `out` with the four words of block `block` of a stream. A step that has no bits of its own is refused: it would repeat another's draws. */
export function drawWords(out: Uint32Array, key: StreamKey, block: number): void {
  const step = key.step ?? 0;
  if (!(step >= 0 && step < STEPS)) throw new RangeError(`drawWords: step must be at least 0 and below ${STEPS}, is ${step}`);
  const purposeAndStep = key.purpose + step * PURPOSES;
  philox(out, key.seed >>> 0, purposeAndStep, key.layer, key.token >>> 0, block, Math.floor(key.token / 0x1_0000_0000));
}

const words = new Uint32Array(4);

/** One uniform number in [0, 1) with 32 random bits, for the given key. */
export function uniform(seed: number, purpose: Purpose, layer: number, token: number): number {
  drawWords(words, { seed, purpose, layer, token }, 0);
  return words[0] / 0x1_0000_0000;
}
