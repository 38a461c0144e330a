import { describe, expect, it } from 'vitest';
import { BF16, F32, F64, type Numerics, REFERENCE_OPTIMIZERS, type Reals, selectivePrecision } from '../../../src/kernels/index.ts';
import { checkGradients } from './gradient-check.ts';
import { randomReals, relativeDifference, stored } from './tensors.ts';
import { runTinyModel, type Tensors, TINY_EXPERTS, TINY_SHAPES } from './tiny-model.ts';

const NAMES = Object.keys(TINY_SHAPES);
const elementsOf = (name: string): number => TINY_SHAPES[name].reduce((product, size) => product * size, 1);
const byName = (make: (name: string, index: number) => Reals): Tensors => Object.fromEntries(NAMES.map((name, i) => [name, make(name, i)]));

/** Gains around 1, everything else around 0; bf16 numbers, so that every arithmetic starts from the same. */
function drawWeights(seed: number): Tensors {
  return byName((name, i) => {
    const middle = name.endsWith('gain') ? 1 : 0;
    return Float64Array.from(randomReals(seed + i, elementsOf(name)), (value) => BF16.store(middle + 0.7 * value));
  });
}

function lossAndGradients(numerics: Numerics, weights: Tensors): { readonly loss: number; readonly gradients: Tensors } {
  // The router's weights stay f32, those of the others are rounded for their products.
  const rounded = byName((name) => stored(name.endsWith('router') ? selectivePrecision(numerics) : numerics, weights[name]));
  const gradients = byName((name) => numerics.zeros(elementsOf(name)));
  const { loss, backward } = runTinyModel(numerics, rounded);
  backward(1, gradients);
  return { loss, gradients };
}

/** Least distance of the best expert's logit from the second best's: differences must not move a token to another expert. */
function margin(routerLogits: readonly Reals[], experts: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (const logits of routerLogits) {
    for (let from = 0; from < logits.length; from += experts) {
      const [best, second] = Array.from(logits.subarray(from, from + experts)).sort((a, b) => b - a);
      least = Math.min(least, best - second);
    }
  }
  return least;
}

describe('a complete model of reference kernels: encoder, decoder, Switch layers, losses', () => {
  it('has the gradient of its loss in every weight, by finite differences', () => {
    let models = 0;
    for (let seed = 1; models < 2; seed += 100) {
      const weights = drawWeights(seed);
      let run = runTinyModel(F64, weights);
      if (margin(run.routerLogits, TINY_EXPERTS) < 0.03 || run.dropped === 0) continue;
      const looked = checkGradients({
        inputs: weights as Record<string, Float64Array>,
        outputs: 1,
        step: 2 ** -12,
        forward: (y) => {
          run = runTinyModel(F64, weights);
          y[0] = run.loss;
        },
        backward: ([dLoss], gradients) => run.backward(dLoss, gradients),
      });
      // Rows of the vocabulary that no text has, experts that nobody chose and dropped units have no gradient.
      const all = NAMES.reduce((sum, name) => sum + elementsOf(name), 0);
      expect(all).toBeGreaterThan(400);
      expect(looked).toBeGreaterThan(0.7 * all);
      models += 1;
    }
  });

  it('has in f32 and bf16 the loss and the gradients of f64, but for rounding', () => {
    const weights = drawWeights(1);
    const exact = lossAndGradients(F64, weights);
    for (const [numerics, tolerance] of [
      [F32, 2e-5],
      [BF16, 0.1],
    ] as const) {
      const own = lossAndGradients(numerics, weights);
      expect(Math.abs(own.loss / exact.loss - 1)).toBeLessThan(tolerance / 10);
      for (const name of NAMES) expect(relativeDifference(own.gradients[name], exact.gradients[name]), name).toBeLessThan(tolerance);
    }
  });

  it.each([
    ['adafactor', 0.1],
    ['adamw', 0.03],
    ['sgd', 0.2],
  ] as const)('learns its text under %s, in bf16 with f32 weights', (name, learningRate) => {
    const optimizer = REFERENCE_OPTIMIZERS[name]();
    const weights = byName((weight) => Float32Array.from(drawWeights(1)[weight]));
    const shapeOf = (weight: string) => ({ rows: TINY_SHAPES[weight][0], columns: TINY_SHAPES[weight][1] });
    const states = Object.fromEntries(NAMES.map((weight) => [weight, optimizer.initialise(F32, shapeOf(weight))]));
    const losses: number[] = [];
    for (let step = 1; step <= 40; step++) {
      const { loss, gradients } = lossAndGradients(BF16, weights);
      losses.push(loss);
      for (const weight of NAMES) {
        const tensors = { weights: weights[weight], gradient: gradients[weight], state: states[weight] };
        optimizer.update(F32, shapeOf(weight), { step, learningRate }, tensors);
      }
    }
    expect(losses[39]).toBeLessThan(0.6 * losses[0]);
  });
});
