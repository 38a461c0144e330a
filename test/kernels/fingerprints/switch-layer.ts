import {
  createExpertActivations,
  createRouterScores,
  DISPATCH_FORMS,
  dropout,
  dropoutBackward,
  type ExpertShape,
  expertDropout,
  expertDropoutBackward,
  expertFeedForward,
  expertFeedForwardBackward,
  JITTER_EPSILON,
  type Numerics,
  type Reals,
  type RouterOptions,
  routerAuxiliaryLoss,
  routerAuxiliaryLossBackward,
  routerScores,
  routerScoresBackward,
  routerZLossOf,
  routerZLossOfBackward,
  switchLayer,
  switchLayerBackward,
  topK,
  topKBackward,
} from '../../../src/kernels/index.ts';
import { type Outputs, reals, wholes } from './print.ts';

const SHAPE = { tokens: 24, dModel: 6, experts: 4, expertCapacity: 5, dExpert: 8 };
const PLACE = { seed: 5, step: 3, layer: 2 };
/** Global tokens need not be neighbours. */
const TOKENS = Int32Array.from({ length: SHAPE.tokens }, (_, s) => 1000 + 3 * s);

/** The Switch layer and its parts. */
export function switchOutputs(numerics: Numerics): Outputs {
  return {
    ...choiceOutputs(numerics),
    ...lossOutputs(numerics),
    ...dropoutOutputs(numerics),
    ...expertOutputs(numerics),
    ...scoreOutputs(numerics),
    ...layerOutputs(numerics),
  };
}

const like = (numerics: Numerics, tensor: Reals): Reals => numerics.zeros(tensor.length);

function routerOptions(precision: RouterOptions['precision']): RouterOptions {
  return { precision, layer: PLACE.layer, tokens: TOKENS, jitter: { epsilon: JITTER_EPSILON, seed: PLACE.seed, step: PLACE.step } };
}

function choiceOutputs(numerics: Numerics): Outputs {
  const shape = { rows: 9, columns: 12, k: 3 };
  // Whole numbers below 5: most rows have ties.
  const x = Float64Array.from(wholes(1, 9 * 12, 5));
  const [values, indices] = [numerics.zeros(27), new Int32Array(27)];
  topK(shape, x, values, indices);
  const dx = numerics.zeros(9 * 12);
  topKBackward(numerics, shape, indices, reals(numerics, 2, 27), dx);
  return { topK: [values, indices], topKBackward: [dx] };
}

function lossOutputs(numerics: Numerics): Outputs {
  const shape = { tokens: 24, experts: 4 };
  const counts = Int32Array.of(9, 3, 0, 12);
  const probabilities = reals(numerics, 3, 24 * 4).map(Math.abs);
  const statistics = Float64Array.from(reals(numerics, 4, 48, 2), (value, i) => (i < 24 ? value : 1.5 + value / 2));
  const [dProbabilities, dLogits] = [like(numerics, probabilities), like(numerics, probabilities)];
  routerAuxiliaryLossBackward(numerics, shape, counts, 0.01, dProbabilities);
  routerZLossOfBackward(numerics, shape, { probabilities, statistics }, 0.001, dLogits);
  return {
    routerAuxiliaryLoss: [[routerAuxiliaryLoss(numerics, shape, counts, probabilities)]],
    routerAuxiliaryLossBackward: [dProbabilities],
    routerZLossOf: [[routerZLossOf(numerics, shape, statistics)]],
    routerZLossOfBackward: [dLogits],
  };
}

function dropoutOutputs(numerics: Numerics): Outputs {
  const [rows, columns] = [SHAPE.tokens, 10];
  const x = reals(numerics, 5, rows * columns);
  const tensors = [x, x, x, x].map((tensor) => like(numerics, tensor));
  const [y, dx, ofExpert, dOfExpert] = tensors;
  dropout(numerics, { rows, columns }, { ...PLACE, rate: 0.1, site: 1 }, TOKENS, x, y);
  dropoutBackward(numerics, { rows, columns }, { ...PLACE, rate: 0.1, site: 1 }, TOKENS, x, dx);
  expertDropout(numerics, { rows, columns, expert: 2 }, { ...PLACE, rate: 0.4 }, TOKENS, x, ofExpert);
  expertDropoutBackward(numerics, { rows, columns, expert: 2 }, { ...PLACE, rate: 0.4 }, TOKENS, x, dOfExpert);
  return { dropout: [y], dropoutBackward: [dx], expertDropout: [ofExpert], expertDropoutBackward: [dOfExpert] };
}

function expertOutputs(numerics: Numerics): Outputs {
  const [forward, backward]: [Reals[], Reals[]] = [[], []];
  for (const activation of ['relu', 'geglu', 'swiglu'] as const) {
    const shape: ExpertShape = { rows: 7, dModel: 6, dExpert: 8, activation };
    const gated = activation !== 'relu';
    const weights = {
      gate: gated ? reals(numerics, 6, 48) : null,
      in: reals(numerics, 7, 48),
      out: reals(numerics, 8, 48),
    };
    const inputs = { x: reals(numerics, 9, 42, 2), weights, dropout: null };
    const activations = createExpertActivations(numerics, shape);
    const y = numerics.zeros(42);
    expertFeedForward(numerics, shape, inputs, activations, y);
    const [dx, dIn, dOut] = [inputs.x, weights.in, weights.out].map((tensor) => like(numerics, tensor));
    const dGate = gated ? numerics.zeros(48) : null;
    expertFeedForwardBackward(numerics, shape, inputs, activations, reals(numerics, 10, 42), { dx, dGate, dIn, dOut });
    forward.push(y, activations.hidden);
    backward.push(dx, dIn, dOut, ...(dGate === null ? [] : [dGate]));
  }
  return { expertFeedForward: forward, expertFeedForwardBackward: backward };
}

function scoreOutputs(numerics: Numerics): Outputs {
  const [forward, backward]: [Reals[], Reals[]] = [[], []];
  for (const precision of ['f32', 'bf16'] as const) {
    const inputs = { x: reals(numerics, 11, SHAPE.tokens * SHAPE.dModel, 2), weight: reals(numerics, 12, SHAPE.dModel * SHAPE.experts) };
    const scores = createRouterScores(numerics, SHAPE);
    const options = routerOptions(precision);
    routerScores(numerics, SHAPE, options, inputs, scores);
    const gradients = { dx: like(numerics, inputs.x), dWeight: like(numerics, inputs.weight) };
    routerScoresBackward(numerics, SHAPE, options, inputs, scores, reals(numerics, 13, scores.logits.length), gradients);
    forward.push(...Object.values(scores));
    backward.push(...Object.values(gradients));
  }
  return { routerScores: forward, routerScoresBackward: backward };
}

/** Every form of dispatch, with expert dropout and both losses; some tokens are dropped. */
function layerOutputs(numerics: Numerics): Outputs {
  const outputs: Record<string, readonly ArrayLike<number>[]> = {};
  for (const [form, dispatch] of Object.entries(DISPATCH_FORMS)) {
    const shape = { ...SHAPE, activation: 'geglu' as const };
    const options = {
      router: routerOptions('f32'),
      dispatch,
      assignment: null,
      auxiliaryCoefficient: 0.01,
      zCoefficient: 0.001,
      expertDropout: { ...PLACE, rate: 0.1 },
    };
    const weights = SHAPE.experts * SHAPE.dModel * SHAPE.dExpert;
    const [gate, inwards, outwards] = [14, 15, 16].map((seed) => reals(numerics, seed, weights));
    const x = reals(numerics, 17, SHAPE.tokens * SHAPE.dModel, 2);
    const router = reals(numerics, 18, SHAPE.dModel * SHAPE.experts);
    const inputs = { x, router, experts: { gate, in: inwards, out: outwards } };
    const y = like(numerics, x);
    const run = switchLayer(numerics, shape, options, inputs, y);
    const [dx, dRouter, dGate, dIn, dOut] = [x, router, gate, inwards, outwards].map((tensor) => like(numerics, tensor));
    const gradients = { dx, dRouter, dGate, dIn, dOut };
    switchLayerBackward(numerics, shape, options, inputs, run, reals(numerics, 19, y.length), gradients);
    if (run.rows.slot.every((slot) => slot >= 0)) throw new Error('a layer that drops nothing does not show dropping');
    outputs[`switchLayer with ${form}`] = [y, run.rows.expert, run.rows.slot, run.rows.weight, [run.auxiliaryLoss, run.zLoss]];
    outputs[`switchLayerBackward with ${form}`] = Object.values(gradients);
  }
  return outputs;
}
