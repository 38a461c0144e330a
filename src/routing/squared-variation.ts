/** CV^2, variance over squared mean, of numbers with a positive sum: 0 when all are equal, n - 1 when one has everything. */
export function squaredVariation(values: Float64Array): number {
  const { mean, variance } = momentsOf(values);
  return variance / (mean * mean);
}

/** [n] d CV^2 / d value: (2 / n) ((value - mean) / mean^2 - variance / mean^3). */
export function squaredVariationGradient(values: Float64Array): Float64Array {
  const { mean, variance } = momentsOf(values);
  const square = mean * mean;
  return values.map((value) => (2 / values.length) * ((value - mean) / square - variance / (square * mean)));
}

function momentsOf(values: Float64Array): { mean: number; variance: number } {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) * (value - mean);
  return { mean, variance: squares / values.length };
}
