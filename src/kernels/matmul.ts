/**
 * The naive matrix product: three loops, the oracle that every faster one must equal bit by bit.
 *
 * Dimensions: a [M, K], b [K, N], c [M, N], row-major, widened to f32.
 * Each output has one accumulator, summed for k = 0, 1, 2, ...: sum = f32(sum + f32(a * b)), as a matrix unit does with bf16 operands and f32
 * sums. A double holds the product of two f32 exactly and one addition rounded twice (53 then 24 bits) rounds as if once, so these are the bits
 * of an f32 multiplication followed by an f32 addition.
 */
export function naiveMatmul(a: Float32Array, b: Float32Array, c: Float32Array, m: number, k: number, n: number): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum = Math.fround(sum + Math.fround(a[i * k + l] * b[l * n + j]));
      c[i * n + j] = sum;
    }
  }
}
