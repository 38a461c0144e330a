import { Purpose } from '../../base/index.ts';
import type { Numerics, Reals } from '../numerics.ts';
import { expectThat, expectWhole } from './check-shape.ts';
import { addKept, checkMask, type KeyedMask } from './keyed-dropout.ts';
import type { DrawPlace } from './keyed-uniform.ts';

/**
 * Dropout with inverted scaling, for training.
 *
 * R rows (tokens), N columns; u_rn is a uniform number that depends on (seed, step, layer, site, global token of row r, n) alone.
 *   x [R, N]   y [R, N]   tokens [R]: global tokens
 *   y_rn = x_rn / (1 - rate) where u_rn >= rate, else 0
 *   dx_rn += dy_rn / (1 - rate) where u_rn >= rate
 *
 * The mask is drawn again in the backward pass instead of being kept, and is the same under every sharding of the tokens.
 * Source: Srivastava et al. 2014 (JMLR 15, 1929-1958), section 10, for the scaling during training; google/flax flax/linen/stochastic.py
 * Dropout, which divides by the share that is kept.
 */
export interface DropoutShape {
  /** R */
  readonly rows: number;
  /** N */
  readonly columns: number;
}

export interface DropoutOptions extends DrawPlace {
  readonly rate: number;
  /** Which of the dropouts of the layer this is, below 256; equal sites have equal masks. */
  readonly site: number;
}

const SITES = 256;
const BLOCKS_PER_SITE = 2 ** 24;

export function dropout(
  numerics: Numerics,
  shape: DropoutShape,
  options: DropoutOptions,
  tokens: ArrayLike<number>,
  x: Reals,
  y: Reals,
): void {
  const mask = maskOf('dropout', shape, options, tokens);
  checkMask('dropout', mask, { x, y });
  y.fill(0);
  addKept(numerics, mask, x, y);
}

export function dropoutBackward(
  numerics: Numerics,
  shape: DropoutShape,
  options: DropoutOptions,
  tokens: ArrayLike<number>,
  dy: Reals,
  dx: Reals,
): void {
  const mask = maskOf('dropoutBackward', shape, options, tokens);
  checkMask('dropoutBackward', mask, { dy, dx });
  addKept(numerics, mask, dy, dx);
}

function maskOf(fn: string, shape: DropoutShape, options: DropoutOptions, tokens: ArrayLike<number>): KeyedMask {
  expectWhole(fn, 'site', options.site, 0);
  expectThat(options.site < SITES, fn, 'site', `must be below ${SITES}`, options.site);
  return { ...shape, ...options, purpose: Purpose.dropout, tokens, firstBlock: options.site * BLOCKS_PER_SITE };
}
