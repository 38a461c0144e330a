import { bestRates, type Timed } from '../rates.ts';
import type { KernelMemory } from '../table.ts';
import { type Code, localsAfter, moduleBytes, type WasmFunction } from './emitter.ts';
import { compileModule, createKernelMemory, instantiate, MAXIMUM_PAGES } from './host.ts';
import { countDown, f32x4, local, v128 } from './instructions.ts';

/** The most that one thread reaches in WebAssembly, GFLOP/s. */
export interface Limits {
  /** With 128-bit vectors: fused, or multiply and add, whichever is faster. */
  readonly simd128: number;
  /** With 256-bit vectors; null where V8 does not join pairs of 128-bit ones. */
  readonly simd256: number | null;
}

/**
 * A loop over numbers that stay in registers: sum = left right + sum, or sum = sum left + right where product and sum are apart. All sums are independent; with CHAINS of
 * them a unit of 4 or 5 cycles never waits for one, and with both operands they fill the 15 vector registers that V8 has on x64.
 */
interface Loop {
  readonly name: string;
  readonly fused: boolean;
  /** Two: sums are pairs of neighbours, which V8 joins to 256-bit vectors where it is asked to. It starts from pairs of stores. */
  readonly vectorsPerSum: 1 | 2;
}

const MUL_ADD: Loop = { name: 'limitMulAdd128', fused: false, vectorsPerSum: 1 };
const FUSED: Loop = { name: 'limitFused128', fused: true, vectorsPerSum: 1 };
const FUSED_PAIRS: Loop = { name: 'limitFused256', fused: true, vectorsPerSum: 2 };

const CHAINS = 12;
const LANES = 4;
/** Bytes from one sum to the next in memory: single vectors are no neighbours, or they would be joined too. */
const SUM_BYTES = 64;
export const LIMIT_BYTES = CHAINS * SUM_BYTES;

/** Register-only loops for a module; `fused` says whether its engine knows that instruction. */
export function limitFunctions(fused: boolean): WasmFunction[] {
  return fused ? [MUL_ADD, FUSED, FUSED_PAIRS].map(limitFunction) : [limitFunction(MUL_ADD)];
}

/** `name(operands, count)`: `count` steps (at least 1) of the loop; the sums take the place of the operands in the end. */
function limitFunction({ name, fused, vectorsPerSum }: Loop): WasmFunction {
  const [operands, count] = [0, 1];
  const locals = localsAfter(2);
  const left = locals.declare('v128');
  const vectors = Array.from({ length: vectorsPerSum }, (_, v) => v);
  const right = vectors.map(() => locals.declare('v128'));
  const sums = Array.from({ length: CHAINS }, () => vectors.map(() => locals.declare('v128')));
  const next = (sum: number, v: number): Code => {
    const [x, y, before] = [local.get(left), local.get(right[v]), local.get(sum)];
    return fused ? f32x4.relaxedMultiplyAdd(x, y, before) : f32x4.add(f32x4.mul(before, x), y);
  };
  const body: Code = [
    local.set(left, v128.load32Splat(local.get(operands))),
    right.map((vector, v) => local.set(vector, v128.load(local.get(operands), 16 * v))),
    sums.flat().map((sum) => local.set(sum, v128.zero)),
    countDown(
      count,
      sums.map((pair) => pair.map((sum, v) => local.set(sum, next(sum, v)))),
    ),
    sums.map((pair, i) => pair.map((sum, v) => v128.store(local.get(operands), local.get(sum), SUM_BYTES * i + 16 * v))),
  ];
  return { name, parameters: 2, locals: locals.declared, body };
}

/** Steps of one run: about 30 microseconds. */
const STEPS = 20_000;

/** The loops of a module with `limitFunctions`, on LIMIT_BYTES bytes from `at` on. */
export function openLimits(wasm: Record<string, unknown>, memory: KernelMemory, at: number): Timed[] {
  return [MUL_ADD, FUSED, FUSED_PAIRS]
    .filter(({ name }) => name in wasm)
    .map(({ name, vectorsPerSum }) => {
      const loop = wasm[name] as (operands: number, count: number) => void;
      const operands = new Float32Array(memory.buffer, at, LANES * vectorsPerSum);
      const run = (): void => {
        // Halves keep sums far from what is slow: infinite and subnormal numbers.
        operands.fill(1 / 2);
        loop(at, STEPS / vectorsPerSum);
      };
      return { run, flops: 2 * LANES * CHAINS * STEPS };
    });
}

/** What the rates of `openLimits` say. */
export function limitsOf([mulAdd, fused = 0, pairs = 0]: readonly number[]): Limits {
  const simd128 = Math.max(mulAdd, fused);
  return { simd128, simd256: pairs > LEAST_GAIN * simd128 ? pairs : null };
}

/** No engine says whether it joined vectors, but joined ones are nearly twice as fast. */
const LEAST_GAIN = 1.25;

/** Measures for about `milliseconds`, after the compiler is through. `clock` gives milliseconds. */
export function measureLimits(clock: () => number, milliseconds = 5): Limits {
  const memory = createKernelMemory(LIMIT_BYTES);
  const loops = openLimits(openLimitModule(memory), memory, 0);
  // V8 replaces its first code within some milliseconds, and later on a busy machine.
  bestRates(loops, clock, WARM_UP_MILLISECONDS);
  return limitsOf(bestRates(loops, clock, milliseconds));
}

const WARM_UP_MILLISECONDS = 10;

function openLimitModule(memory: KernelMemory): Record<string, unknown> {
  const open = (fused: boolean) => instantiate(compileModule(moduleBytes(limitFunctions(fused), MAXIMUM_PAGES)), memory);
  try {
    return open(true);
  } catch {
    return open(false);
  }
}
