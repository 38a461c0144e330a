/** Noise: a computation takes (1 + share * u) times as long, u in [0, 1) anew for every device and task. */
export interface Jitter {
  readonly seed: number;
  /** >= 0; 0.02 makes computations up to 2 % longer, 1 % on average. */
  readonly share: number;
}

/**
 * u is a hash of (seed, device, task), so it depends on nobody's order, and 10^7 of them cost less than a tenth of a second. The hash is the
 * finalizer of MurmurHash3 (Austin Appleby, public domain), applied once per device and once per task.
 */
export function jitterKey(seed: number, device: number): number {
  return finalize(Math.imul(seed | 0, GOLDEN) ^ finalize(Math.imul(Math.floor(seed / 2 ** 32), GOLDEN) + device + 1));
}

/** u of a task on the device of `key`. */
export function jitterUnit(key: number, task: number): number {
  return (finalize(key ^ Math.imul(task + 1, GOLDEN)) >>> 0) / 2 ** 32;
}

/** 2^32 / golden ratio, odd: neighbouring numbers land far from one another. */
const GOLDEN = 0x9e3779b1;

function finalize(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
