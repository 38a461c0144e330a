import { forwards, type Gate, type GemmCall, type Matrix, STORE, towardsInput, towardsWeights } from '../../kernels/index.ts';

/**
 * A feed-forward network over rows of tokens: a dense layer, or one expert; R rows, D = dModel, F columns of the core.
 *
 *   hidden = relu(input in), or act(input gate) (input in) of gated ones (Shazeer 2020, arXiv 2002.05202)      output = hidden out
 */
export interface FeedForward {
  /** [R, D] and [R, F] activations. */
  readonly input: Matrix;
  readonly hidden: Matrix;
  /** [D, F] twice and [F, D]: weights, and their gradients in f32. */
  readonly weights: FeedForwardMatrices;
  readonly gradients: FeedForwardMatrices;
  /** Whether gradients of weights are added to what is there, or take its place. */
  readonly addsGradients: boolean;
  /** Null for ReLU. */
  readonly gated: GatedSums | null;
  /** [R, F] activations: gradient of the sums of `in`. */
  readonly dSums: Matrix;
}

export interface FeedForwardMatrices {
  readonly gate: Matrix | null;
  readonly in: Matrix;
  readonly out: Matrix;
}

interface GatedSums {
  readonly activation: Gate;
  /** f32 [R, F]: what the gate and `in` made, and the gradient (activations) of the former. */
  readonly gate: Matrix;
  readonly in: Matrix;
  readonly dGate: Matrix;
}

export function hiddenCalls({ input, hidden, weights, gated }: FeedForward): GemmCall[] {
  const inwards = forwards(input, weights.in);
  if (gated === null || weights.gate === null) return [{ ...inwards, target: hidden, epilogue: { kind: 'relu', bias: null } }];
  return [
    { ...forwards(input, weights.gate), target: gated.gate, epilogue: STORE },
    { ...inwards, target: hidden, epilogue: { kind: 'gated', gate: gated.activation, gateSums: gated.gate, sums: gated.in } },
  ];
}

export function outCall({ hidden, weights }: FeedForward, target: Matrix): GemmCall {
  return { ...forwards(hidden, weights.out), target, epilogue: STORE };
}

/** dSums (and that of the gate) from the gradient of the output. */
export function dHiddenCall({ hidden, weights, gated, dSums }: FeedForward, dOutput: Matrix): GemmCall {
  const product = { ...towardsInput(dOutput, weights.out), target: dSums };
  if (gated === null) return { ...product, epilogue: { kind: 'mask', mask: hidden } };
  const { activation: gate, gate: gateSums, in: sums, dGate: dGateSums } = gated;
  return { ...product, epilogue: { kind: 'gatedBackward', gate, gateSums, sums, dGateSums } };
}

export function dInputCalls({ weights, gated, dSums }: FeedForward, target: Matrix): GemmCall[] {
  const first: GemmCall = { ...towardsInput(dSums, weights.in), target, epilogue: STORE };
  if (gated === null || weights.gate === null) return [first];
  return [first, { ...towardsInput(gated.dGate, weights.gate), target, epilogue: { kind: 'add' } }];
}

export function dOutWeights({ hidden, gradients, addsGradients }: FeedForward, dOutput: Matrix): GemmCall {
  return { ...towardsWeights(hidden, dOutput, gradients.out), accumulate: addsGradients };
}

/** Gradients of `in`, and of the gate of gated ones, from the same rows. */
export function dInWeights({ input, gradients, addsGradients: accumulate, gated, dSums }: FeedForward): GemmCall[] {
  const ofIn = { ...towardsWeights(input, dSums, gradients.in), accumulate };
  return gated === null || gradients.gate === null ? [ofIn] : [ofIn, { ...towardsWeights(input, gated.dGate, gradients.gate), accumulate }];
}
