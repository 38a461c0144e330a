import { type Numerics, type Reals, selectivePrecision } from '../numerics.ts';
import { expectElements, expectThat, expectWhole } from './check-shape.ts';
import { type ExpertDropoutOptions, type ExpertDropoutShape, expertDropout, expertDropoutBackward } from './expert-dropout.ts';
import { type LinearShape, linear, linearBackward } from './linear.ts';

/**
 * The feed-forward network of one expert.
 *
 * R rows (its batch), D = dModel, F = dExpert.
 *   x, y [R, D]   gate [D, F] (not for relu)   in [D, F]   out [F, D]
 *   inSums = x in,  gateSums = x gate  [R, F], f32 sums
 *   relu    hidden = max(inSums, 0)
 *   geglu   hidden = gelu(gateSums) inSums, tanh form     swiglu  hidden = silu(gateSums) inSums
 *           (Shazeer 2020, arXiv:2002.05202, equation 6; google-research/t5x t5x/examples/t5/layers.py MlpBlock)
 *   with expert dropout hidden is then what it keeps; y = hidden out
 *
 *   dHidden = dy out^T     dOut += hidden^T dy
 *   relu    dInSums = dHidden where inSums > 0 as it is stored, else 0, so that hidden tells it
 *   gated   dInSums = dHidden act(gateSums)     dGateSums = dHidden inSums act'(gateSums)
 *   dIn += x^T dInSums   dGate += x^T dGateSums   dx += dInSums in^T + dGateSums gate^T
 *
 * Under BF16 sums stay f32 until the activation has been applied (in f32, see `ACTIVATIONS_F32`), hidden and y are rounded once: the bits of `feedForward` on
 * any kernel table.
 */
export interface ExpertShape {
  /** R */
  readonly rows: number;
  /** D */
  readonly dModel: number;
  /** F */
  readonly dExpert: number;
  readonly activation: 'relu' | 'geglu' | 'swiglu';
}

export interface ExpertWeights {
  /** Null for relu. */
  readonly gate: Reals | null;
  readonly in: Reals;
  readonly out: Reals;
}

/** What the backward pass needs of the forward pass. */
export interface ExpertActivations {
  /** [R, F]; null for relu. */
  readonly gateSums: Reals | null;
  /** [R, F] */
  readonly inSums: Reals;
  /** [R, F]: what `out` multiplies, after dropout. */
  readonly hidden: Reals;
}

/** Dropout of the hidden activations of expert `expert`, with the global token of every row, -1 for an empty one. */
export interface HiddenDropout extends ExpertDropoutOptions {
  readonly expert: number;
  readonly tokens: ArrayLike<number>;
}

export interface ExpertInputs {
  readonly x: Reals;
  readonly weights: ExpertWeights;
  /** Null at evaluation, and where nothing is dropped. */
  readonly dropout: HiddenDropout | null;
}

export interface ExpertGradients {
  readonly dx: Reals;
  readonly dGate: Reals | null;
  readonly dIn: Reals;
  readonly dOut: Reals;
}

/** Activation of a gated network. */
const GATES = { geglu: 'gelu', swiglu: 'silu' } as const;

/** Activations for a batch of this shape, to be overwritten by `expertFeedForward`. */
export function createExpertActivations(numerics: Numerics, { rows, dExpert, activation }: ExpertShape): ExpertActivations {
  const zeros = (): Reals => numerics.zeros(rows * dExpert);
  return { gateSums: activation === 'relu' ? null : zeros(), inSums: zeros(), hidden: zeros() };
}

export function expertFeedForward(
  numerics: Numerics,
  shape: ExpertShape,
  inputs: ExpertInputs,
  activations: ExpertActivations,
  y: Reals,
): void {
  const { store, round } = numerics;
  const { x, weights, dropout } = inputs;
  const { gateSums, inSums, hidden } = activations;
  checkExpert('expertFeedForward', shape, inputs, activations, { x, y });
  const { inwards, outwards } = shapesOf(shape);
  const sums = selectivePrecision(numerics);
  linear(sums, inwards, { x, weight: weights.in, bias: null }, inSums);
  if (shape.activation !== 'relu' && gateSums !== null && weights.gate !== null) {
    const { value } = numerics.activations[GATES[shape.activation]];
    linear(sums, inwards, { x, weight: weights.gate, bias: null }, gateSums);
    for (let i = 0; i < hidden.length; i++) hidden[i] = store(round(value(gateSums[i]) * inSums[i]));
  } else {
    // NaN stays NaN.
    for (let i = 0; i < hidden.length; i++) hidden[i] = inSums[i] <= 0 ? 0 : store(inSums[i]);
  }
  if (dropout !== null) expertDropout(numerics, dropoutShape(shape, dropout), dropout, dropout.tokens, hidden.slice(), hidden);
  linear(numerics, outwards, { x: hidden, weight: weights.out, bias: null }, y);
}

export function expertFeedForwardBackward(
  numerics: Numerics,
  shape: ExpertShape,
  inputs: ExpertInputs,
  activations: ExpertActivations,
  dy: Reals,
  gradients: ExpertGradients,
): void {
  const { store, round } = numerics;
  const { x, weights, dropout } = inputs;
  const { gateSums, inSums, hidden } = activations;
  const { dx, dGate, dIn, dOut } = gradients;
  checkExpert('expertFeedForwardBackward', shape, inputs, activations, { x, dy, dx });
  checkWeights('expertFeedForwardBackward', shape, { dGate, dIn, dOut });
  const { inwards, outwards } = shapesOf(shape);
  let dHidden = numerics.zeros(hidden.length);
  linearBackward(numerics, outwards, { x: hidden, weight: weights.out }, dy, { dx: dHidden, dWeight: dOut, dBias: null });
  if (dropout !== null) {
    const dKept = dHidden;
    dHidden = numerics.zeros(hidden.length);
    expertDropoutBackward(numerics, dropoutShape(shape, dropout), dropout, dropout.tokens, dKept, dHidden);
  }
  const toIn = { dx, dWeight: dIn, dBias: null };
  if (shape.activation === 'relu' || gateSums === null || weights.gate === null || dGate === null) {
    const dInSums = dHidden.map((d, i) => (store(inSums[i]) > 0 ? d : 0));
    linearBackward(numerics, inwards, { x, weight: weights.in }, dInSums, toIn);
    return;
  }
  const { value, derivative } = numerics.activations[GATES[shape.activation]];
  const dInSums = dHidden.map((d, i) => store(round(d * value(gateSums[i]))));
  const dGateSums = dHidden.map((d, i) => store(round(round(d * inSums[i]) * derivative(gateSums[i]))));
  linearBackward(numerics, inwards, { x, weight: weights.in }, dInSums, toIn);
  linearBackward(numerics, inwards, { x, weight: weights.gate }, dGateSums, { dx, dWeight: dGate, dBias: null });
}

function shapesOf({ rows, dModel, dExpert }: ExpertShape): { readonly inwards: LinearShape; readonly outwards: LinearShape } {
  return { inwards: { rows, inputs: dModel, outputs: dExpert }, outwards: { rows, inputs: dExpert, outputs: dModel } };
}

function dropoutShape({ rows, dExpert }: ExpertShape, { expert }: HiddenDropout): ExpertDropoutShape {
  return { rows, columns: dExpert, expert };
}

function checkExpert(
  fn: string,
  shape: ExpertShape,
  { weights }: ExpertInputs,
  { gateSums, inSums, hidden }: ExpertActivations,
  activations: Readonly<Record<string, Reals>>,
): void {
  const { rows, dModel, dExpert } = shape;
  expectWhole(fn, 'rows', rows, 0);
  expectWhole(fn, 'dModel', dModel, 1);
  expectWhole(fn, 'dExpert', dExpert, 1);
  checkWeights(fn, shape, { gate: weights.gate, in: weights.in, out: weights.out });
  for (const [name, tensor] of Object.entries(activations)) expectElements(fn, name, tensor, rows * dModel, `${rows} rows x ${dModel}`);
  checkGated(fn, shape, 'gateSums', gateSums);
  for (const [name, tensor] of Object.entries({ gateSums, inSums, hidden }))
    if (tensor !== null) expectElements(fn, name, tensor, rows * dExpert, `${rows} rows x ${dExpert}`);
}

/** Weights or their gradients, the gate first. */
function checkWeights(fn: string, shape: ExpertShape, weights: Readonly<Record<string, Reals | null>>): void {
  const { dModel, dExpert } = shape;
  const [gateName] = Object.keys(weights);
  checkGated(fn, shape, gateName, weights[gateName]);
  for (const [name, tensor] of Object.entries(weights))
    if (tensor !== null) expectElements(fn, name, tensor, dModel * dExpert, `dModel ${dModel} x dExpert ${dExpert}`);
}

function checkGated(fn: string, { activation }: ExpertShape, argument: string, tensor: Reals | null): void {
  const rule = activation === 'relu' ? 'must be null for relu' : `must be a tensor for ${activation}`;
  expectThat((tensor === null) === (activation === 'relu'), fn, argument, rule, tensor === null ? 'null' : 'a tensor');
}
