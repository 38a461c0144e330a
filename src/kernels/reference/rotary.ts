import { cos, exp, log, sin } from '../../base/index.ts';
import type { Numerics, Reals } from '../numerics.ts';
import { expectTensor, expectThat, expectWhole } from './check-shape.ts';

/**
 * Rotary position embedding (Su et al. 2021, arXiv:2104.09864, equation 34) in the **half-split** layout of GPT-NeoX and of Llama in
 * huggingface/transformers (rotate_half): element d of a head turns together with element d + D/2. (The paper and the first release of Llama pair
 * neighbours, 2d with 2d + 1; weights of one layout do not fit the other until their columns are put in the other order.)
 *
 * R rows (tokens), H heads, D headDim, A = D/2 angles per row.
 *   x, y [R, H, D]   positions [R]   cosines, sines [R, A], f32
 *   angle_ra = position_r base^(-2a/D)
 *   y_rha = x_rha cos - x_rh(a+A) sin          y_rh(a+A) = x_rh(a+A) cos + x_rha sin
 *   dx_rha += dy_rha cos + dy_rh(a+A) sin      dx_rh(a+A) += dy_rh(a+A) cos - dy_rha sin      (the turn by the opposite angle)
 *
 * Angles are double until their sine and cosine are rounded once, so they do not lose digits with the position as f32 angles do.
 */
export interface RotaryShape {
  /** R */
  readonly rows: number;
  /** H */
  readonly heads: number;
  /** D, even */
  readonly headDim: number;
  /** 10,000 where left out. */
  readonly base?: number;
}

export interface RotaryAngles {
  readonly cosines: Reals;
  readonly sines: Reals;
}

const BASE = 10_000;

/** Overwrites the angles' cosines and sines; all layers and heads share them. */
export function rotaryAngles({ round }: Numerics, shape: RotaryShape, positions: Int32Array, { cosines, sines }: RotaryAngles): void {
  const { rows, headDim, base = BASE } = shape;
  checkRotary('rotaryAngles', shape, { cosines, sines });
  expectTensor('rotaryAngles', 'positions', positions, { rows });
  const angles = headDim / 2;
  for (let a = 0; a < angles; a++) {
    const frequency = exp((-2 * a * log(base)) / headDim);
    for (let r = 0; r < rows; r++) {
      cosines[r * angles + a] = round(cos(positions[r] * frequency));
      sines[r * angles + a] = round(sin(positions[r] * frequency));
    }
  }
}

/** y may be x. */
export function rotary({ round, store }: Numerics, shape: RotaryShape, x: Reals, { cosines, sines }: RotaryAngles, y: Reals): void {
  const { rows, heads, headDim } = shape;
  checkRotary('rotary', shape, { cosines, sines });
  expectTensor('rotary', 'x', x, { rows, heads, headDim });
  expectTensor('rotary', 'y', y, { rows, heads, headDim });
  const angles = headDim / 2;
  for (let head = 0; head < rows * heads; head++) {
    for (let a = 0; a < angles; a++) {
      const angle = Math.floor(head / heads) * angles + a;
      const low = head * headDim + a;
      const high = low + angles;
      const first = x[low];
      const second = x[high];
      y[low] = store(round(round(first * cosines[angle]) - round(second * sines[angle])));
      y[high] = store(round(round(second * cosines[angle]) + round(first * sines[angle])));
    }
  }
}

export function rotaryBackward(
  { round, store }: Numerics,
  shape: RotaryShape,
  { cosines, sines }: RotaryAngles,
  dy: Reals,
  dx: Reals,
): void {
  const { rows, heads, headDim } = shape;
  checkRotary('rotaryBackward', shape, { cosines, sines });
  expectTensor('rotaryBackward', 'dy', dy, { rows, heads, headDim });
  expectTensor('rotaryBackward', 'dx', dx, { rows, heads, headDim });
  const angles = headDim / 2;
  for (let head = 0; head < rows * heads; head++) {
    for (let a = 0; a < angles; a++) {
      const angle = Math.floor(head / heads) * angles + a;
      const low = head * headDim + a;
      const high = low + angles;
      const first = round(round(dy[low] * cosines[angle]) + round(dy[high] * sines[angle]));
      const second = round(round(dy[high] * cosines[angle]) - round(dy[low] * sines[angle]));
      dx[low] = store(round(dx[low] + first));
      dx[high] = store(round(dx[high] + second));
    }
  }
}

function checkRotary(fn: string, { rows, heads, headDim, base = BASE }: RotaryShape, { cosines, sines }: RotaryAngles): void {
  expectWhole(fn, 'rows', rows, 0);
  expectWhole(fn, 'heads', heads, 1);
  expectWhole(fn, 'headDim', headDim, 2);
  expectThat(headDim % 2 === 0, fn, 'headDim', 'must be even, as elements turn in pairs', headDim);
  expectThat(base > 1 && Number.isFinite(base), fn, 'base', 'must be finite and above 1', base);
  expectTensor(fn, 'cosines', cosines, { rows, angles: headDim / 2 });
  expectTensor(fn, 'sines', sines, { rows, angles: headDim / 2 });
}
