/** A piece of work whose speed is measured. */
export interface Timed {
  /** Floating-point operations of one run. */
  readonly flops: number;
  readonly run: () => void;
}

/** How fast a path multiplied on one thread while it was chosen, operands in cache; GFLOP/s. */
export interface KernelSpeed {
  /** Products of bf16 operands. */
  readonly bf16: number;
  /** Products of f32 operands. */
  readonly f32: number;
  /** What the same vectors reached at that time on numbers that stay in registers; null where that is not measured. */
  readonly limit: number | null;
}

/** A path is only ever this fast or slower; the first rounds pay for compilers and caches. */
const LEAST_ROUNDS = 5;

/**
 * GFLOP/s of each piece of work: its best run. All of them take turns for at least `milliseconds`, so that a slow moment of the machine meets all alike.
 * `clock` gives milliseconds.
 */
export function bestRates(work: readonly Timed[], clock: () => number, milliseconds: number): number[] {
  const best = work.map(() => Number.POSITIVE_INFINITY);
  const end = clock() + milliseconds;
  for (let round = 0; round < LEAST_ROUNDS || clock() < end; round++) {
    work.forEach(({ run }, i) => {
      const before = clock();
      run();
      best[i] = Math.min(best[i], clock() - before);
    });
  }
  return work.map(({ flops }, i) => flops / best[i] / FLOPS_PER_MILLISECOND);
}

/** Of 1 GFLOP/s. */
const FLOPS_PER_MILLISECOND = 1e6;
