import { elementLoop, type Stream } from './element-loop.ts';
import { type Code, localsAfter, type ValueType, type WasmFunction } from './emitter.ts';
import { f32x4, local } from './instructions.ts';

/** AdamW and SGD, four elements at a time, operation by operation as `../reference/optimizers` computes them. */

const { add, sub, mul, div, sqrt } = f32x4;

/** Scalars of `adamw` after its addresses and its count, in the order of its parameters. */
export const ADAMW_SCALARS = ['beta1', 'rest1', 'correction1', 'beta2', 'rest2', 'correction2', 'rate', 'epsilon', 'decay'] as const;

/** `adamw(weights, gradient, firstMoment, secondMoment, copy, count, ...ADAMW_SCALARS)`; `adamwCopying` also writes the copy. */
export function adamwFunction(copies: boolean): WasmFunction {
  const [weights, gradient, firstMoment, secondMoment, copy, count] = [0, 1, 2, 3, 4, 5];
  const { locals, parameters, splats, scalar } = scalarParameters(6, ADAMW_SCALARS);
  const [mNew, vNew, wNew] = [0, 1, 2].map(() => locals.declare('v128'));
  const streams = [weights, firstMoment, secondMoment].map(f32Stream);
  const loop = elementLoop(locals.declare, {
    elements: count,
    inputs: [...streams, f32Stream(gradient)],
    outputs: [...streams, ...copyStream(copy, copies)],
    step: ([w, m, v, g]) => {
      const spread = add(sqrt(div(local.get(vNew), scalar.correction2)), scalar.epsilon);
      const direction = div(div(local.get(mNew), scalar.correction1), spread);
      return {
        code: [
          local.set(mNew, add(mul(scalar.beta1, m), mul(scalar.rest1, g))),
          local.set(vNew, add(mul(scalar.beta2, v), mul(scalar.rest2, mul(g, g)))),
          local.set(wNew, sub(w, mul(scalar.rate, add(direction, mul(scalar.decay, w))))),
        ],
        results: [wNew, mNew, vNew, wNew].slice(0, copies ? 4 : 3).map(local.get),
      };
    },
  });
  return { name: copies ? 'adamwCopying' : 'adamw', parameters, locals: locals.declared, body: [splats, loop] };
}

/** `sgd(weights, gradient, velocity, copy, count, rate, momentum)`, `sgdMomentum` with a velocity; each also with `Copying`. */
export function sgdFunction(hasVelocity: boolean, copies: boolean): WasmFunction {
  const [weights, gradient, velocity, copy, count] = [0, 1, 2, 3, 4];
  const { locals, parameters, splats, scalar } = scalarParameters(5, ['rate', 'momentum']);
  const [direction, wNew] = [locals.declare('v128'), locals.declare('v128')];
  const kept = hasVelocity ? [f32Stream(velocity)] : [];
  const loop = elementLoop(locals.declare, {
    elements: count,
    inputs: [f32Stream(weights), f32Stream(gradient), ...kept],
    outputs: [f32Stream(weights), ...kept, ...copyStream(copy, copies)],
    step: ([w, g, v]) => ({
      code: [
        local.set(direction, hasVelocity ? add(mul(scalar.momentum, v), g) : g),
        local.set(wNew, sub(w, mul(scalar.rate, local.get(direction)))),
      ],
      results: [wNew, ...(hasVelocity ? [direction] : []), ...(copies ? [wNew] : [])].map(local.get),
    }),
  });
  return { name: sgdName(hasVelocity, copies), parameters, locals: locals.declared, body: [splats, loop] };
}

export function sgdName(hasVelocity: boolean, copies: boolean): string {
  return `sgd${hasVelocity ? 'Momentum' : ''}${copies ? 'Copying' : ''}`;
}

interface ScalarParameters<Name extends string> {
  readonly parameters: readonly ValueType[];
  readonly locals: ReturnType<typeof localsAfter>;
  /** Runs first. */
  readonly splats: Code;
  readonly scalar: Readonly<Record<Name, Code>>;
}

/** `integers` i32 parameters, then one f32 for each name; each of them also as a vector. */
export function scalarParameters<Name extends string>(integers: number, names: readonly Name[]): ScalarParameters<Name> {
  const parameters = [...Array.from({ length: integers }, () => 'i32' as const), ...names.map(() => 'f32' as const)];
  const locals = localsAfter(parameters.length);
  const vectors = names.map(() => locals.declare('v128'));
  const splats: Code = vectors.map((vector, i) => local.set(vector, f32x4.splat(local.get(integers + i))));
  const scalar = Object.fromEntries(names.map((name, i) => [name, local.get(vectors[i])])) as Record<Name, Code>;
  return { locals, parameters, splats, scalar };
}

export function f32Stream(pointer: number): Stream {
  return { pointer, dtype: 'f32' };
}

export function copyStream(pointer: number, copies: boolean): Stream[] {
  return copies ? [{ pointer, dtype: 'bf16' }] : [];
}
