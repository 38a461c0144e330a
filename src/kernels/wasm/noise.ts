import { elementCount, type TensorView } from '../../model/index.ts';
import { type NoiseKernels, type NoiseStream, noiseStep, PHILOX, VALUES_PER_BLOCK } from '../noise.ts';
import { createPlainNoise } from '../plain/noise.ts';
import type { KernelMemory } from '../table.ts';
import { roundToBf16Instructions, storeLowHalves } from './bf16-lanes.ts';
import { type Code, localsAfter, type WasmFunction } from './emitter.ts';
import { advance, countDown, f32x4, f64x2, i8x16, i32, i32x4, i64x2, local, unitsOf, v128 } from './instructions.ts';

const LANES = 4;
/** A step makes four blocks, one to a lane. */
const VALUES_PER_STEP = LANES * VALUES_PER_BLOCK;

export function noiseFunctions(): WasmFunction[] {
  return [noiseFunction(false), noiseFunction(true)];
}

/**
 * `noiseRow(seed, purpose, layer, tokenLow, tokenHigh, target, steps, noiseStep)`, and `noiseRowCentred` with the address of the centre behind these: the blocks of
 * `fillNoise` from 0 on, 64 values a step. A level is computed where `lookUpNoise` looks it up: an odd number times noiseStep, in double.
 */
function noiseFunction(isCentred: boolean): WasmFunction {
  const [seed, purpose, layer, tokenLow, tokenHigh, target, steps, step, centre] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const parameters = [...Array.from({ length: 7 }, () => 'i32' as const), 'f64' as const, ...(isCentred ? ['i32' as const] : [])];
  const locals = localsAfter(parameters.length);
  const declare = (): number => locals.declare('v128');
  const [block, scale, bytes, value, odd] = [declare(), declare(), declare(), declare(), declare()];
  const words = Array.from({ length: 4 }, declare);
  const pairs = Array.from({ length: 4 }, declare);
  const rounded = roundToBf16Instructions(declare);
  const quad = (q: number): Code => [
    local.set(odd, i32x4.sub(i32x4.shl(bytesOf(bytes, q), i32.const(1)), v128.i32Const(255))),
    local.set(value, levels(local.get(odd), local.get(scale))),
    isCentred ? local.set(value, f32x4.add(local.get(value), v128.load(local.get(centre), 16 * q))) : [],
    local.set(value, rounded(local.get(value))),
    storeLowHalves(local.get(target), value, 8 * q),
  ];
  const blockOfLane = (lane: number): Code => [
    local.set(
      bytes,
      i8x16.shuffle(local.get(pairs[lane >> 1]), local.get(pairs[2 + (lane >> 1)]), unitsOf(8, lane % 2 === 0 ? [0, 2] : [1, 3])),
    ),
    Array.from({ length: VALUES_PER_BLOCK / LANES }, (_, q) => quad(q)),
    advance(target, i32.const(2 * VALUES_PER_BLOCK)),
    isCentred ? advance(centre, i32.const(4 * VALUES_PER_BLOCK)) : [],
  ];
  const body: Code = [
    local.set(scale, f64x2.splat(local.get(step))),
    local.set(block, v128.i32Lanes([0, 1, 2, 3])),
    countDown(steps, [
      philox(declare, words, [layer, tokenLow, null, tokenHigh], block, seed, purpose),
      // The first step of a transposition: words 0 and 1 of blocks 0 and 1, of 2 and 3; then words 2 and 3.
      [0, 1].map((half) => [
        local.set(pairs[2 * half], i8x16.shuffle(local.get(words[2 * half]), local.get(words[2 * half + 1]), unitsOf(4, [0, 4, 1, 5]))),
        local.set(pairs[2 * half + 1], i8x16.shuffle(local.get(words[2 * half]), local.get(words[2 * half + 1]), unitsOf(4, [2, 6, 3, 7]))),
      ]),
      Array.from({ length: LANES }, (_, lane) => blockOfLane(lane)),
      local.set(block, i32x4.add(local.get(block), v128.i32Const(LANES))),
    ]),
  ];
  return { name: isCentred ? 'noiseRowCentred' : 'noiseRow', parameters, locals: locals.declared, body };
}

/** words = Philox4x32-10 of the counters (scalar locals, the same in every lane; null is `block`) under the key (seed, purpose). */
function philox(
  declare: () => number,
  words: readonly number[],
  counters: readonly (number | null)[],
  block: number,
  seed: number,
  purpose: number,
): Code {
  const [low, high] = [declare(), declare()];
  const [next0, next2] = [declare(), declare()];
  const product = (multiplier: number, factor: number): Code => [
    local.set(low, i64x2.multiplyLowUnsigned(local.get(factor), v128.i32Const(multiplier))),
    local.set(high, i64x2.multiplyHighUnsigned(local.get(factor), v128.i32Const(multiplier))),
  ];
  const halves = (from: readonly number[]): Code => i8x16.shuffle(local.get(low), local.get(high), unitsOf(4, from));
  const [lower, upper] = [halves([0, 2, 4, 6]), halves([1, 3, 5, 7])];
  const key = (scalar: number, weyl: number, round: number): Code =>
    i32x4.splat(i32.add(local.get(scalar), i32.const(Math.imul(weyl, round))));
  const rounds = Array.from({ length: PHILOX.rounds }, (_, round) => [
    product(PHILOX.multipliers[1], words[2]),
    local.set(next0, v128.xor(v128.xor(upper, local.get(words[1])), key(seed, PHILOX.weyl[0], round))),
    local.set(words[1], lower),
    product(PHILOX.multipliers[0], words[0]),
    local.set(next2, v128.xor(v128.xor(upper, local.get(words[3])), key(purpose, PHILOX.weyl[1], round))),
    local.set(words[3], lower),
    local.set(words[0], local.get(next0)),
    local.set(words[2], local.get(next2)),
  ]);
  return [
    words.map((word, i) => local.set(word, counters[i] === null ? local.get(block) : i32x4.splat(local.get(counters[i] ?? 0)))),
    rounds,
  ];
}

/** Bytes 4 q .. 4 q + 3 of a vector, each in a 32-bit lane. */
function bytesOf(vector: number, q: number): Code {
  const zero = 16;
  return i8x16.shuffle(local.get(vector), v128.zero, Array.from({ length: LANES }, (_, i) => [LANES * q + i, zero, zero, zero]).flat());
}

/** f32 of whole numbers times a double, rounded once. */
function levels(whole: Code, scale: Code): Code {
  const two = (numbers: Code): Code => f32x4.demoteF64x2Zero(f64x2.mul(f64x2.convertLowI32x4(numbers), scale));
  return i8x16.shuffle(two(whole), two(i8x16.shuffle(whole, whole, unitsOf(8, [1, 1]))), unitsOf(8, [0, 2]));
}

interface NoiseExports {
  noiseRow(...values: number[]): void;
  noiseRowCentred(...values: number[]): void;
}

/** Rows of whole steps; others go the plain way. */
export function createWasmNoise(exports: Record<string, unknown>, memory: KernelMemory): NoiseKernels {
  const wasm = exports as unknown as NoiseExports;
  const plain = createPlainNoise(memory);
  return {
    noiseRow(stream: NoiseStream, deviation: number, centre: TensorView | null, target: TensorView) {
      const steps = Math.floor(elementCount(target.shape) / VALUES_PER_STEP);
      if (steps === 0 || elementCount(target.shape) % VALUES_PER_STEP !== 0) {
        plain.noiseRow(stream, deviation, centre, target);
        return;
      }
      const { seed, purpose, layer, token } = stream;
      const tokenHigh = Math.floor(token / 0x1_0000_0000);
      const place = [seed | 0, purpose, layer, token | 0, tokenHigh | 0, target.offset, steps, noiseStep(deviation)];
      if (centre === null) wasm.noiseRow(...place);
      else wasm.noiseRowCentred(...place, centre.offset);
    },
  };
}
