/**
 * Whether every number is finite. The sum of finite f32 numbers is finite in double precision, and nothing makes a sum finite again, so one look at
 * the sum tells; four sums, because one would wait for itself.
 */
export function areFinite(values: Float32Array): boolean {
  const whole = values.length & ~3;
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    a += values[i];
    b += values[i + 1];
    c += values[i + 2];
    d += values[i + 3];
  }
  for (let i = whole; i < values.length; i++) a += values[i];
  return Number.isFinite(a + b + c + d);
}
