import type { Numerics, Reals } from '../numerics.ts';
import { expectTensor, expectWhole } from './check-shape.ts';

/**
 * Matrix product with an optional bias: every projection of a Transformer.
 *
 * S rows (tokens), I inputs, O outputs; row-major.
 *   x [S, I]   weight [I, O]   bias [O] or null   y [S, O]
 *   y_so = sum over i of x_si weight_io + bias_o                (NN)
 *   dx_si += sum over o of dy_so weight_io                      (NT: dy times the transposed weight)
 *   dWeight_io += sum over s of x_si dy_so                      (TN: the transposed x times dy)
 *   dBias_o += sum over s of dy_so
 *
 * Sums run in the order of their index. The bias joins the f32 sum before the one rounding of y. Gradients of weight and bias go on summing from
 * what they hold, so a batch cut into calls gives the bits of the batch in one call.
 */
export interface LinearShape {
  /** S */
  readonly rows: number;
  /** I */
  readonly inputs: number;
  /** O */
  readonly outputs: number;
}

export interface LinearInputs {
  readonly x: Reals;
  readonly weight: Reals;
  readonly bias: Reals | null;
}

export interface LinearGradients {
  readonly dx: Reals;
  readonly dWeight: Reals;
  readonly dBias: Reals | null;
}

export function linear(numerics: Numerics, shape: LinearShape, { x, weight, bias }: LinearInputs, y: Reals): void {
  const { round, store } = numerics;
  const { rows, inputs, outputs } = shape;
  checkLinear('linear', shape, { x, weight, bias });
  expectTensor('linear', 'y', y, { rows, outputs });
  for (let s = 0; s < rows; s++) {
    for (let o = 0; o < outputs; o++) {
      let sum = 0;
      for (let i = 0; i < inputs; i++) sum = round(sum + round(x[s * inputs + i] * weight[i * outputs + o]));
      y[s * outputs + o] = store(bias === null ? sum : round(sum + bias[o]));
    }
  }
}

export function linearBackward(
  numerics: Numerics,
  shape: LinearShape,
  { x, weight }: Omit<LinearInputs, 'bias'>,
  dy: Reals,
  { dx, dWeight, dBias }: LinearGradients,
): void {
  const { round, store } = numerics;
  const { rows, inputs, outputs } = shape;
  checkLinear('linearBackward', shape, { x, weight, bias: null });
  expectTensor('linearBackward', 'dy', dy, { rows, outputs });
  expectTensor('linearBackward', 'dx', dx, { rows, inputs });
  expectTensor('linearBackward', 'dWeight', dWeight, { inputs, outputs });
  expectTensor('linearBackward', 'dBias', dBias, { outputs });
  for (let s = 0; s < rows; s++) {
    for (let i = 0; i < inputs; i++) {
      let sum = 0;
      for (let o = 0; o < outputs; o++) sum = round(sum + round(dy[s * outputs + o] * weight[i * outputs + o]));
      dx[s * inputs + i] = store(round(dx[s * inputs + i] + sum));
    }
  }
  for (let i = 0; i < inputs; i++) {
    for (let o = 0; o < outputs; o++) {
      let sum = dWeight[i * outputs + o];
      for (let s = 0; s < rows; s++) sum = round(sum + round(x[s * inputs + i] * dy[s * outputs + o]));
      dWeight[i * outputs + o] = sum;
    }
  }
  if (dBias === null) return;
  for (let o = 0; o < outputs; o++) {
    for (let s = 0; s < rows; s++) dBias[o] = round(dBias[o] + dy[s * outputs + o]);
  }
}

function checkLinear(fn: string, { rows, inputs, outputs }: LinearShape, { x, weight, bias }: LinearInputs): void {
  expectWhole(fn, 'rows', rows, 0);
  expectWhole(fn, 'inputs', inputs, 1);
  expectWhole(fn, 'outputs', outputs, 1);
  expectTensor(fn, 'x', x, { rows, inputs });
  expectTensor(fn, 'weight', weight, { inputs, outputs });
  expectTensor(fn, 'bias', bias, { outputs });
}
