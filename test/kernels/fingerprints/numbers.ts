import {
  cos,
  exp,
  gelu,
  geluDerivative,
  inverseNormalCdf,
  log,
  normalCdf,
  normalDensity,
  rsqrt,
  sigmoid,
  silu,
  siluDerivative,
  sin,
  softplus,
  tanh,
  tanhDerivative,
} from '../../../src/base/index.ts';
import { bf16FromF32Bits, bf16Value, F32 } from '../../../src/kernels/index.ts';
import { draws } from '../products.ts';
import { type Prints, printOf } from './print.ts';

const FUNCTIONS = { exp, gelu, geluDerivative, normalCdf, normalDensity, sigmoid, silu, siluDerivative, softplus, tanh, tanhDerivative };
const OF_POSITIVE = { log, rsqrt };
const OF_ANGLES = { sin, cos };

const POINTS = 20_000;

/** Every elementary function on a grid, and rounding to bf16 of every pattern and of what lies between. */
export function numberPrints(): Prints {
  const prints: Record<string, string> = {};
  const add = (name: string, own: (x: number) => number, arguments_: Float64Array): void => {
    prints[name] = printOf(arguments_.map(own));
  };
  const special = [0, -0, 5e-324, 2 ** -1022, 1, -1, 745, -745, 1e308, -1e308, Infinity, -Infinity, Number.NaN];
  for (const [name, own] of Object.entries(FUNCTIONS)) add(name, own, Float64Array.from([...grid(1, 30), ...grid(2, 1), ...special]));
  const positive = Float64Array.from([...grid(3, 30).map((x) => x * x * x * x), ...special]);
  for (const [name, own] of Object.entries(OF_POSITIVE)) add(name, own, positive);
  for (const [name, own] of Object.entries(OF_ANGLES)) add(name, own, grid(4, 131_072));
  add(
    'inverseNormalCdf',
    inverseNormalCdf,
    grid(5, 1).map((x) => (x + 1) / 2),
  );
  add(
    'exp of F32',
    F32.exp,
    grid(6, 90).map((x) => -Math.abs(Math.fround(x))),
  );
  for (const gate of ['gelu', 'silu'] as const) {
    const { value, derivative } = F32.activations[gate];
    const near = Float64Array.from([...grid(7, 30), ...grid(8, 1), ...special], Math.fround);
    add(`${gate} of F32`, value, near);
    add(`derivative of ${gate} of F32`, derivative, near);
  }
  prints['bf16 rounding'] = printOf(bf16Rounding());
  return prints;
}

function grid(seed: number, scale: number): Float64Array {
  const next = draws(seed);
  return Float64Array.from({ length: POINTS }, () => next() * scale);
}

/** For every upper half of an f32: what it widens to, and the roundings of the lower halves next to the middle and to the ends. */
function bf16Rounding(): Float64Array {
  const lows = [0, 1, 0x7fff, 0x8000, 0x8001, 0xffff];
  const results = new Float64Array(65_536 * (lows.length + 1));
  let at = 0;
  for (let high = 0; high < 65_536; high++) {
    results[at++] = bf16Value(high);
    for (const low of lows) results[at++] = bf16FromF32Bits(((high << 16) | low) >>> 0);
  }
  return results;
}
