import { randomReals } from './tensors.ts';

/** A kernel in F64. `forward` and `backward` read the tensors of `inputs` themselves; the check moves their elements to and fro. */
export interface GradientCase {
  /** Every tensor that `backward` gives a gradient of. */
  readonly inputs: Readonly<Record<string, Float64Array>>;
  /** Elements of y; 1 for a loss. */
  readonly outputs: number;
  /** Overwrites y. */
  readonly forward: (y: Float64Array) => void;
  /** Adds into gradients[name], one for every input. */
  readonly backward: (dy: Float64Array, gradients: Readonly<Record<string, Float64Array>>) => void;
  /** Inputs whose gradient may be zero everywhere, as that of a softmax over one column. */
  readonly mayVanish?: readonly string[];
  /** Distance of the differences; smaller for kernels with kinks close by. */
  readonly step?: number;
  readonly tolerance?: number;
}

/** Gradients below this share of the largest of their tensor are compared with that share. */
const FLOOR = 1e-3;
const STEP = 2 ** -10;
const TOLERANCE = 1e-6;
/** Gradients start from this, so that a backward that overwrites is found out. */
const START = 0.5;

/**
 * Compares the gradient of sum(dy * y) with central differences of fourth order, element by element. Returns how many elements had a
 * gradient that is not zero; throws naming tensor, element and both values.
 */
export function checkGradients(kernel: GradientCase): number {
  const { inputs, outputs, step = STEP, tolerance = TOLERANCE, mayVanish = [] } = kernel;
  const names = Object.keys(inputs);
  if (names.length === 0 || outputs === 0) throw new Error('a gradient check of nothing');
  const dy = randomReals(outputs + 17, outputs);
  const gradients = Object.fromEntries(names.map((name) => [name, new Float64Array(inputs[name].length).fill(START)]));
  // Backward may need what forward leaves behind.
  weightedSum(kernel, dy);
  kernel.backward(dy, gradients);
  let nonZero = 0;
  for (const name of names) {
    const tensor = inputs[name];
    if (tensor.length === 0) throw new Error(`gradient check: ${name} is empty`);
    const analytic = gradients[name].map((value) => value - START);
    const largest = analytic.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (largest === 0 && !mayVanish.includes(name)) throw new Error(`gradient check: the gradient of ${name} is zero everywhere`);
    for (let i = 0; i < tensor.length; i++) {
      const numeric = difference(kernel, dy, tensor, i, step);
      const scale = Math.max(Math.abs(numeric), Math.abs(analytic[i]), largest * FLOOR, 1e-6);
      if (!(Math.abs(numeric - analytic[i]) <= tolerance * scale))
        throw new Error(`gradient check: d${name}[${i}] is ${analytic[i]}, differences give ${numeric}`);
      if (analytic[i] !== 0) nonZero += 1;
    }
  }
  return nonZero;
}

/** (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h; its error is of order h^4. */
function difference(kernel: GradientCase, dy: Float64Array, tensor: Float64Array, i: number, step: number): number {
  const value = tensor[i];
  const at = (offset: number): number => {
    tensor[i] = value + offset;
    return weightedSum(kernel, dy);
  };
  const near = at(step) - at(-step);
  const far = at(2 * step) - at(-2 * step);
  tensor[i] = value;
  return (8 * near - far) / (12 * step);
}

/** Old contents of y must not matter. */
function weightedSum(kernel: GradientCase, dy: Float64Array): number {
  const y = new Float64Array(kernel.outputs).fill(Number.NaN);
  kernel.forward(y);
  let sum = 0;
  for (let i = 0; i < y.length; i++) sum += dy[i] * y[i];
  return sum;
}
