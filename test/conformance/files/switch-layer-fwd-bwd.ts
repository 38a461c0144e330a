import { expect } from 'vitest';
import {
  DISPATCH_FORMS,
  type DispatchForm,
  F32,
  F64,
  type Numerics,
  type Reals,
  type SwitchLayerOptions,
  type SwitchLayerShape,
  switchLayer,
  switchLayerBackward,
} from '../../../src/kernels/index.ts';
import { CAPACITY_RULES } from '../../../src/routing/index.ts';
import { type Case, expectEqual, expectNear, type VectorFile } from '../case.ts';

type Nested = number | readonly Nested[];

interface Example {
  readonly seed: number;
  readonly tokens: number;
  readonly d_model: number;
  readonly d_ff: number;
  readonly experts: number;
  readonly capacity_factor: number;
  readonly min_expert_capacity: number;
  readonly alpha: number;
  readonly z_coef: number;
  readonly x: Nested;
  readonly W_router: Nested;
  readonly W1: Nested;
  readonly W2: Nested;
  readonly dy: Nested;
  readonly out: {
    readonly capacity: number;
    readonly expert_index: readonly number[];
    readonly kept: readonly number[];
    readonly y: Nested;
    readonly y_with_residual: Nested;
    readonly aux_loss: number;
    readonly z_loss: number;
    readonly dx: Nested;
    readonly dW_router: Nested;
    readonly dW1: Nested;
    readonly dW2: Nested;
  };
}

/** The file states 1e-9 in float64 and 1e-4 relative in float32. */
const ARITHMETICS: readonly (readonly [Numerics, number])[] = [
  [F64, 1e-9],
  [F32, 1e-4],
];

const flat = (values: Nested): number[] => (typeof values === 'number' ? [values] : values.flatMap(flat));

/** The whole Switch layer, forward and backward, under every form of dispatch. */
export function switchLayerFwdBwd({ cases }: { readonly cases: readonly Example[] }): VectorFile {
  return {
    cases: cases.flatMap((example) =>
      ARITHMETICS.flatMap(([numerics, tolerance]) =>
        Object.entries(DISPATCH_FORMS).map(
          ([form, dispatch]): Case => ({
            name: `seed ${example.seed}, ${numerics.name}, ${form}`,
            run: () => check(example, numerics, tolerance, dispatch),
          }),
        ),
      ),
    ),
  };
}

function check(example: Example, numerics: Numerics, tolerance: number, dispatch: DispatchForm): void {
  const { tokens, d_model: dModel, d_ff: dExpert, experts, capacity_factor: capacityFactor, min_expert_capacity, out } = example;
  // Mesh-TensorFlow's rule with another minimum: int(S cf / E), which is what MegaBlocks has for one choice.
  const slots = CAPACITY_RULES.megablocks.expertCapacity({ tokens, experts, capacityFactor, topK: 1 });
  expect(Math.max(Math.min(tokens, slots), min_expert_capacity), 'capacity').toBe(out.capacity);
  const shape: SwitchLayerShape = { tokens, dModel, dExpert, experts, expertCapacity: out.capacity, activation: 'relu' };
  const options: SwitchLayerOptions = {
    router: { precision: 'f32', layer: 0, tokens: Array.from({ length: tokens }, (_, token) => token), jitter: null },
    dispatch,
    assignment: null,
    auxiliaryCoefficient: example.alpha,
    zCoefficient: example.z_coef,
    expertDropout: null,
  };
  const tensor = (values: Nested): Reals => {
    const numbers = flat(values);
    const reals = numerics.zeros(numbers.length);
    reals.set(numbers);
    return reals;
  };
  const inputs = {
    x: tensor(example.x),
    router: tensor(example.W_router),
    experts: { gate: null, in: tensor(example.W1), out: tensor(example.W2) },
  };
  const y = numerics.zeros(tokens * dModel);
  const run = switchLayer(numerics, shape, options, inputs, y);
  const like = ({ length }: Reals): Reals => numerics.zeros(length);
  const gradients = {
    dx: like(inputs.x),
    dRouter: like(inputs.router),
    dGate: null,
    dIn: like(inputs.experts.in),
    dOut: like(inputs.experts.out),
  };
  switchLayerBackward(numerics, shape, options, inputs, run, tensor(example.dy), gradients);

  expectEqual(run.rows.expert, out.expert_index, 'expert');
  expectEqual(
    Array.from(run.rows.slot, (slot) => Number(slot >= 0)),
    out.kept,
    'kept',
  );
  const pairs: readonly (readonly [string, ArrayLike<number>, Nested])[] = [
    ['y', y, out.y],
    ['y with residual', y.map((value, i) => value + inputs.x[i]), out.y_with_residual],
    ['auxiliary loss', [run.auxiliaryLoss], out.aux_loss],
    ['z-loss', [run.zLoss], out.z_loss],
    ['dx', gradients.dx, out.dx],
    ['dW_router', gradients.dRouter, out.dW_router],
    ['dW1', gradients.dIn, out.dW1],
    ['dW2', gradients.dOut, out.dW2],
  ];
  for (const [name, actual, wanted] of pairs) expectNear(actual, flat(wanted), tolerance, name);
}
