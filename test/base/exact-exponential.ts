import { exact, FRACTION_BITS, HALF_PI, relativeError } from './exact-trigonometry.ts';

/** e^x and what is made of it in whole numbers of 2^-220: a reference that shares nothing with double arithmetic. */

const BITS = FRACTION_BITS;
const ONE = 1n << BITS;
const LN2 = naturalLogarithmOfTwo();
/** sqrt(2 / pi); 2 / pi is 1 / HALF_PI. */
const GELU_SCALE = squareRoot((ONE * ONE) / HALF_PI);
const GELU_CUBE = (44715n * ONE) / 1000000n;

/** e^x = fraction x 2^(power - 220), for x in units of 2^-220; fraction is near 2^220. */
interface Exponential {
  readonly fraction: bigint;
  readonly power: number;
}

export function relativeErrorOfExp(own: number, x: number): number {
  const { fraction, power } = exponential(exact(x));
  return relativeError(scaled(own, -power), fraction);
}

/** Of own as ln x: e^own / x - 1 = own - ln x but for its square, which is below the 200th bit. */
export function relativeErrorOfLog(own: number, x: number): number {
  const { fraction, power } = exponential(exact(own));
  const argument = exact(scaled(x, -power));
  const difference = ((fraction - argument) << BITS) / argument;
  if (own === 0) return difference === 0n ? 0 : Number.POSITIVE_INFINITY;
  return Math.abs(ratio(difference, exact(own)));
}

/** tanh x = 1 - 2 / (e^2x + 1) */
export function relativeErrorOfTanh(own: number, x: number): number {
  return relativeError(own, ONE - (2n * ONE * ONE) / (ofExponential(2n * exact(x)) + ONE));
}

/** Of own / x as 1 / (1 + e^-y), which is e^y / (1 + e^y); its fraction is kept for y far below 0. */
function relativeErrorOfShare(own: number, x: number, y: bigint): number {
  const { fraction, power } = exponential(y);
  const denominator = y > 0n ? ofExponential(-y) + ONE : ofExponential(y) + ONE;
  if (y > 0n) return relativeError(own, (exact(x) * ONE) / denominator);
  return relativeError(scaled(own, -power), (exact(x) * fraction) / denominator);
}

export function relativeErrorOfSigmoid(own: number, x: number): number {
  return relativeErrorOfShare(own, 1, exact(x));
}

export function relativeErrorOfSilu(own: number, x: number): number {
  return relativeErrorOfShare(own, x, exact(x));
}

/** e^(-x^2 / 2) / sqrt(2 pi), whose divisor is that of GELU's scale but for a factor of 2. */
export function relativeErrorOfNormalDensity(own: number, x: number): number {
  const wide = exact(x);
  const { fraction, power } = exponential(-(wide * wide) >> (BITS + 1n));
  return relativeError(scaled(own, -power), (fraction * GELU_SCALE) >> (BITS + 1n));
}

/** The tanh form of GELU is x sigmoid(2u). */
export function relativeErrorOfGelu(own: number, x: number): number {
  return relativeErrorOfShare(own, x, exactGeluExponent(x));
}

export function geluExponent(x: number): number {
  return ratio(exactGeluExponent(x), ONE);
}

/** 2u = 2 sqrt(2 / pi) (x + 0.044715 x^3) */
function exactGeluExponent(x: number): bigint {
  const wide = exact(x);
  const cube = (((wide * wide) >> BITS) * wide) >> BITS;
  return (2n * GELU_SCALE * (wide + ((GELU_CUBE * cube) >> BITS))) >> BITS;
}

function exponential(x: bigint): Exponential {
  const power = Number((2n * x + LN2) / (2n * LN2)) - Number(2n * x + LN2 < 0n);
  const rest = x - BigInt(power) * LN2;
  let fraction = 0n;
  for (let term = ONE, n = 1n; term !== 0n; n += 1n) {
    fraction += term;
    term = (term * rest) / (n * ONE);
  }
  return { fraction, power };
}

/** e^x in units of 2^-220; loses digits below 2^-100. */
function ofExponential(x: bigint): bigint {
  const { fraction, power } = exponential(x);
  return power < 0 ? fraction >> BigInt(-power) : fraction << BigInt(power);
}

/** value x 2^power, in two exact steps, as 2^power alone may be no double. */
function scaled(value: number, power: number): number {
  const half = Math.trunc(power / 2);
  return value * 2 ** half * 2 ** (power - half);
}

function ratio(numerator: bigint, denominator: bigint): number {
  return Number((numerator << 100n) / denominator) / 2 ** 100;
}

/** 2 artanh(1/3) */
function naturalLogarithmOfTwo(): bigint {
  let sum = 0n;
  for (let power = ONE / 3n, n = 1n; power !== 0n; n += 2n) {
    sum += (2n * power) / n;
    power /= 9n;
  }
  return sum;
}

/** By Newton's method from above. */
function squareRoot(square: bigint): bigint {
  let root = ONE;
  for (;;) {
    const next = (root + (square * ONE) / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
