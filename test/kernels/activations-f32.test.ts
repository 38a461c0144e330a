import { describe, expect, it } from 'vitest';
import { GELU_CUBE, GELU_SCALE, gelu, geluDerivative, silu, siluDerivative } from '../../src/base/index.ts';
import { ACTIVATIONS_F32, BF16, F32, F64, type Gate } from '../../src/kernels/index.ts';
import { activationInstructions } from '../../src/kernels/wasm/activations.ts';
import { constantLocals } from '../../src/kernels/wasm/constants.ts';
import { localsAfter, moduleBytes, type WasmFunction } from '../../src/kernels/wasm/emitter.ts';
import { compileModule, instantiate, MAXIMUM_PAGES } from '../../src/kernels/wasm/host.ts';
import { advance, countDown, i32, local, v128 } from '../../src/kernels/wasm/instructions.ts';
import { memory } from './support.ts';

const GATES = ['gelu', 'silu'] as const;
const { POSITIVE_INFINITY: INFINITY, NEGATIVE_INFINITY: MINUS_INFINITY, NaN: NOT_A_NUMBER } = Number;
const SPECIAL = [0, -0, INFINITY, MINUS_INFINITY, NOT_A_NUMBER, 1e-45, -1e-45, 1e-39, -1e-39, 3.4e38, -3.4e38, 1e19, -1e19, 100, -100];

/** f32 numbers from `from` to `to`. */
function* grid(from: number, to: number, steps: number): Generator<number> {
  for (let i = 0; i <= steps; i++) yield Math.fround(from + ((to - from) * i) / steps);
}

function* denseGrid(): Generator<number> {
  yield* grid(-110, 110, 400_000);
  yield* grid(-10.5, 10.5, 400_000);
  yield* grid(-2, 2, 200_000);
}

/** w of an activation x sigmoid(w), in double. */
const LOGIT: Readonly<Record<Gate, (x: number) => number>> = {
  gelu: (x) => 2 * GELU_SCALE * (x + GELU_CUBE * x * x * x),
  silu: (x) => x,
};
const EXACT = {
  gelu: { value: gelu, derivative: geluDerivative },
  silu: { value: silu, derivative: siluDerivative },
};

describe('activations in f32', () => {
  it.each(GATES)('%s and its derivative are within their stated errors of double arithmetic', (gate) => {
    const own = ACTIVATIONS_F32[gate];
    let [relative, cut, derivative] = [0, 0, 0];
    for (const x of denseGrid()) {
      const [value, logit] = [EXACT[gate].value(x), LOGIT[gate](x)];
      if (logit < -87) cut = Math.max(cut, Math.abs(own.value(x) - value));
      else if (x !== 0) {
        const scale = gate === 'gelu' ? Math.max(1, -logit) : 1;
        relative = Math.max(relative, Math.abs(own.value(x) / value - 1) / scale);
      }
      derivative = Math.max(derivative, Math.abs(own.derivative(x) - EXACT[gate].derivative(x)));
    }
    expect(relative).toBeLessThan(3e-7);
    expect(relative).toBeGreaterThan(2 ** -25);
    expect(cut).toBeLessThan(2e-36);
    expect(derivative).toBeLessThan(3e-7);
    expect(derivative).toBeGreaterThan(2 ** -25);
  });

  it.each(GATES)('%s meets its limits', (gate) => {
    const { value, derivative } = ACTIVATIONS_F32[gate];
    expect([0, -0, INFINITY, 3e38, -3e38, -120].map(value)).toEqual([0, -0, INFINITY, Math.fround(3e38), -0, -0]);
    expect(value(MINUS_INFINITY)).toBeNaN();
    expect(value(NOT_A_NUMBER)).toBeNaN();
    expect([0, -0, INFINITY, 3e38, 101].map(derivative)).toEqual([0.5, 0.5, 1, 1, 1]);
    for (const x of [MINUS_INFINITY, -3e38, -101]) expect(Math.abs(derivative(x))).toBe(0);
    expect(derivative(NOT_A_NUMBER)).toBeNaN();
  });

  it('are those of F32 and BF16; F64 has the double ones', () => {
    expect(F32.activations).toBe(ACTIVATIONS_F32);
    expect(BF16.activations).toBe(ACTIVATIONS_F32);
    for (const gate of GATES) {
      for (const x of [-3.3, -0.1, 0.7, 12]) {
        expect(F64.activations[gate].value(x)).toBe(EXACT[gate].value(x));
        expect(F64.activations[gate].derivative(x)).toBe(EXACT[gate].derivative(x));
      }
    }
  });

  it.each(GATES)('%s has the same bits on four lanes', (gate) => {
    const both = inLanes(gate);
    const chunk: number[] = [];
    let compared = 0;
    const compare = (): void => {
      const { alone, value, derivative } = both(chunk);
      const own = ACTIVATIONS_F32[gate];
      const differing = chunk.filter(
        (x, i) => !Object.is(alone[i], own.value(x)) || !Object.is(value[i], own.value(x)) || !Object.is(derivative[i], own.derivative(x)),
      );
      expect(differing).toEqual([]);
      compared += chunk.length;
      chunk.length = 0;
    };
    for (const x of [...SPECIAL.map(Math.fround), ...denseGrid()]) if (chunk.push(x) === 50_000) compare();
    while (chunk.length % 4 !== 0) chunk.push(1);
    compare();
    expect(compared).toBeGreaterThan(1e6);
  });
});

/** value, and value with derivative, of up to 50,000 numbers by vector code; a multiple of four of them. */
function inLanes(gate: Gate): (arguments_: readonly number[]) => { alone: Float32Array; value: Float32Array; derivative: Float32Array } {
  const exports = instantiate(compileModule(moduleBytes([laneFunction(gate)], MAXIMUM_PAGES)), memory);
  const run = exports.run as (x: number, quads: number) => void;
  const most = 50_000;
  const part = (index: number, count: number): Float32Array => new Float32Array(memory.buffer, index * most * 4, count);
  return (arguments_) => {
    part(0, arguments_.length).set(arguments_);
    run(0, arguments_.length / 4);
    const [alone, value, derivative] = [1, 2, 3].map((index) => part(index, arguments_.length));
    return { alone, value, derivative };
  };
}

/** `run(x, quads)`: value, value and derivative of [quads][4] f32 at x, 200,000 bytes apart. */
function laneFunction(gate: Gate): WasmFunction {
  const [at, quads] = [0, 1];
  const locals = localsAfter(2);
  const declare = (): number => locals.declare('v128');
  const [x, value, derivative] = [declare(), declare(), declare()];
  const constants = constantLocals(declare);
  const activation = activationInstructions(gate, declare, constants);
  const overQuads = countDown(quads, [
    local.set(x, v128.load(local.get(at))),
    activation.value(value, x),
    v128.store(local.get(at), local.get(value), 200_000),
    activation.valueAndDerivative(value, derivative, x),
    v128.store(local.get(at), local.get(value), 400_000),
    v128.store(local.get(at), local.get(derivative), 600_000),
    advance(at, i32.const(16)),
  ]);
  return { name: 'run', parameters: 2, locals: locals.declared, body: [constants.set(), overQuads] };
}
