/**
 * [E] the biases of the next step: b + rate x sign(mean count - count), so that an expert with fewer choices than the mean is preferred a little more.
 * One with the mean stays. Source: Wang et al. 2024, arXiv 2408.15664, algorithm 1; DeepSeek-V3, arXiv 2412.19437, section 2.1.2.
 */
export function updateBias(bias: Float32Array, counts: ArrayLike<number>, rate: number): Float32Array {
  let sum = 0;
  for (let e = 0; e < bias.length; e++) sum += counts[e];
  const mean = sum / bias.length;
  return bias.map((value, e) => value + rate * Math.sign(mean - counts[e]));
}
