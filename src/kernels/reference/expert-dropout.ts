import { Purpose } from '../../base/index.ts';
import type { Numerics, Reals } from '../numerics.ts';
import { expectWhole } from './check-shape.ts';
import { addKept, checkMask, type KeyedMask } from './keyed-dropout.ts';
import { type DrawPlace, uniformBlocks } from './keyed-uniform.ts';

/**
 * Expert dropout: a larger rate inside the experts than elsewhere, on their hidden activations, when a sparse model is fine-tuned
 * (Fedus et al. 2021, arXiv:2101.03961, section 2.4, table 4: 0.1 outside and 0.4 inside the experts). Inverted scaling as in `dropout`.
 *
 * R rows of the batch of one expert e, F = dExpert columns; u_rf depends on (seed, step, layer, global token of row r, e, f) alone.
 *   hidden [R, F]   y [R, F]   tokens [R]: global tokens, -1 where the slot is empty, which gives 0
 *   y_rf = hidden_rf / (1 - rate) where u_rf >= rate, else 0
 *   dHidden_rf += dy_rf / (1 - rate) where u_rf >= rate
 *
 * The slot and the device of a token do not matter, so all dispatch forms and layouts have the same masks; two experts of one token have
 * different ones.
 */
export interface ExpertDropoutShape {
  /** R */
  readonly rows: number;
  /** F */
  readonly columns: number;
  /** e */
  readonly expert: number;
}

export interface ExpertDropoutOptions extends DrawPlace {
  readonly rate: number;
}

export function expertDropout(
  numerics: Numerics,
  shape: ExpertDropoutShape,
  options: ExpertDropoutOptions,
  tokens: ArrayLike<number>,
  hidden: Reals,
  y: Reals,
): void {
  const mask = maskOf('expertDropout', shape, options, tokens);
  checkMask('expertDropout', mask, { hidden, y });
  y.fill(0);
  addKept(numerics, mask, hidden, y);
}

export function expertDropoutBackward(
  numerics: Numerics,
  shape: ExpertDropoutShape,
  options: ExpertDropoutOptions,
  tokens: ArrayLike<number>,
  dy: Reals,
  dHidden: Reals,
): void {
  const mask = maskOf('expertDropoutBackward', shape, options, tokens);
  checkMask('expertDropoutBackward', mask, { dy, dHidden });
  addKept(numerics, mask, dy, dHidden);
}

function maskOf(
  fn: string,
  { rows, columns, expert }: ExpertDropoutShape,
  options: ExpertDropoutOptions,
  tokens: ArrayLike<number>,
): KeyedMask {
  expectWhole(fn, 'expert', expert, 0);
  return { ...options, rows, columns, purpose: Purpose.expertDropout, tokens, firstBlock: expert * uniformBlocks(columns) };
}
