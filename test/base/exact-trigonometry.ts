/** Sine and cosine in whole numbers of 2^-220: a reference that shares nothing with double arithmetic. */

export const FRACTION_BITS = 220n;
const BITS = FRACTION_BITS;
const ONE = 1n << BITS;
/** Machin's formula: pi/4 = 4 arctan(1/5) - arctan(1/239). */
export const HALF_PI = 2n * (4n * inverseArcTangent(5n) - inverseArcTangent(239n));

/** Both, in units of 2^-220; n quarter turns are taken away first. */
export function exactSineAndCosine(x: number): readonly [sine: bigint, cosine: bigint] {
  const whole = exact(x);
  const quarters = (2n * whole + HALF_PI) / (2n * HALF_PI);
  const rest = whole - quarters * HALF_PI;
  const sine = series(rest, rest, 1n);
  const cosine = series(ONE, rest, 0n);
  const quarter = Number(quarters & 3n);
  if (quarter === 0) return [sine, cosine];
  if (quarter === 1) return [cosine, -sine];
  return quarter === 2 ? [-sine, -cosine] : [-cosine, sine];
}

export function relativeError(own: number, reference: bigint): number {
  const difference = exact(own) - reference;
  return Math.abs(Number((difference << 100n) / reference)) / 2 ** 100;
}

/** A double as a whole number of 2^-220; exact down to 2^-168. */
export function exact(x: number): bigint {
  let exponent = 0;
  let mantissa = x;
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    exponent += 1;
  }
  return (BigInt(mantissa) << BITS) >> BigInt(exponent);
}

/** first - first r^2 / (k+1)(k+2) + ...: the sine from r and 1, the cosine from 1 and 0. */
function series(first: bigint, r: bigint, k: bigint): bigint {
  const square = (r * r) >> BITS;
  let sum = 0n;
  for (let term = first, n = k; term !== 0n; n += 2n) {
    sum += term;
    term = -(term * square) / ((n + 1n) * (n + 2n) * ONE);
  }
  return sum;
}

function inverseArcTangent(x: bigint): bigint {
  let sum = 0n;
  let sign = 1n;
  for (let power = ONE / x, n = 1n; power !== 0n; n += 2n) {
    sum += (sign * power) / n;
    sign = -sign;
    power /= x * x;
  }
  return sum;
}
