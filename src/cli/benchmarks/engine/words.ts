/** Uniform numbers in (0, 1) from a linear congruential generator (Numerical Recipes): good enough to load a queue, and no cost beside it. */
export function wordSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}
