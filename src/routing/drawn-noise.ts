import { inverseNormalCdf, log } from '../base/index.ts';

/** Draws are multiples of 2^-32 from 0 on; half a step takes them into the open interval (0, 1), where logarithms and quantiles are finite. */
const HALF_STEP = 2 ** -33;

/** A number of the Gumbel distribution: added to logits, it makes the largest one a draw from their softmax. */
export function gumbelNoise(draw: number): number {
  return -log(-log(draw + HALF_STEP));
}

/** A number of the normal distribution with mean 0 and standard deviation 1. */
export function normalNoise(draw: number): number {
  return inverseNormalCdf(draw + HALF_STEP);
}
