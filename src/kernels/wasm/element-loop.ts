import { BYTES_PER_ELEMENT, type Dtype } from '../../model/index.ts';
import { loadBf16, roundToBf16Instructions } from './bf16-lanes.ts';
import { CONSTANTS_IN_PLACE, type VectorConstants } from './constants.ts';
import type { Code } from './emitter.ts';
import { advance, countDownFromAny, f32, f32x4, i16x8, i32, ifThen, local, v128 } from './instructions.ts';

/** Elements that are read or written one behind the other: a local with the address of the first, which the loop moves behind the last. */
export interface Stream {
  readonly pointer: number;
  readonly dtype: Dtype;
}

export interface ElementLoop {
  /** A local with the number of elements, 0 or more; it is kept. */
  readonly elements: number;
  readonly inputs: readonly Stream[];
  /** May share pointers with inputs of their dtype; else they must not overlap them. */
  readonly outputs: readonly Stream[];
  readonly step: ElementStep;
  /** For rounding; in place where left out. */
  readonly constants?: VectorConstants;
}

/**
 * Four neighbouring elements: from one f32 vector of each input, each a local, to one of each output. `code` runs first, for sums and what several results need.
 * Element i of the loop is in lane i modulo 4. Where fewer than four elements are left, only one lane holds an element, and the others 0; `keep` puts 0, for
 * sums, or `otherwise` in place of what was computed in those others.
 */
export type ElementStep = (
  inputs: readonly Code[],
  keep: (value: Code, otherwise?: Code) => Code,
) => { readonly code?: Code; readonly results: readonly Code[] };

/** Code that runs over all elements: eight at a time, then four, then one by one, so that any number of elements goes through the same operations. */
export function elementLoop(declare: (type: 'i32' | 'v128') => number, loop: ElementLoop): Code {
  const { elements, inputs, outputs } = loop;
  const left = declare('i32');
  const emit = stepEmitter(declare, loop);
  const pointers = new Map([...inputs, ...outputs].map(({ pointer, dtype }) => [pointer, BYTES_PER_ELEMENT[dtype]]));
  const move = (count: Code): Code => [...pointers].map(([pointer, bytes]) => advance(pointer, i32.mul(count, i32.const(bytes))));
  const rest = i32.and(local.get(elements), i32.const(3));
  const single = (lane: number): Code =>
    lane === 3 ? [] : ifThen(i32.gt(local.get(left), i32.const(lane)), [emit.single(lane), single(lane + 1)]);
  return [
    local.set(left, i32.shrUnsigned(local.get(elements), i32.const(3))),
    countDownFromAny(left, [emit.eight, [...pointers].map(([pointer, bytes]) => advance(pointer, i32.const(8 * bytes)))]),
    ifThen(i32.and(local.get(elements), i32.const(4)), [emit.four, move(i32.const(4))]),
    local.set(left, rest),
    ifThen(local.get(left), [single(0), move(rest)]),
  ];
}

/** (0 + 1) + (2 + 3) of the lanes of a vector: the last step of `laneSum`. */
export function addLanes(vector: number): Code {
  const lane = (index: number): Code => f32x4.extractLane(local.get(vector), index);
  return f32.add(f32.add(lane(0), lane(1)), f32.add(lane(2), lane(3)));
}

interface StepEmitter {
  readonly eight: Code;
  readonly four: Code;
  readonly single: (lane: number) => Code;
}

function stepEmitter(
  declare: (type: 'i32' | 'v128') => number,
  { inputs, outputs, step, constants = CONSTANTS_IN_PLACE }: ElementLoop,
): StepEmitter {
  const values = inputs.map(() => declare('v128'));
  const bits = outputs.map(({ dtype }) => (dtype === 'bf16' ? [declare('v128'), declare('v128')] : []));
  const round = outputs.some(({ dtype }) => dtype === 'bf16') ? roundToBf16Instructions(() => declare('v128'), constants) : null;
  const rounded = (output: number, half: number, result: Code): Code => local.set(bits[output][half], round?.(result) ?? []);
  const at = ({ pointer }: Stream): Code => local.get(pointer);
  /** One step: `load` gives the value of an input, `store` takes the result of an output. */
  const run = (
    load: (input: Stream) => Code,
    store: (output: Stream, i: number, result: Code) => Code,
    keep: (value: Code, otherwise?: Code) => Code = (value) => value,
  ): Code => {
    const loads = inputs.map((input, i) => local.set(values[i], load(input)));
    const { code, results } = step(
      values.map((value) => local.get(value)),
      keep,
    );
    return [loads, code ?? [], results.map((result, i) => store(outputs[i], i, result))];
  };
  const quad = (half: number): Code =>
    run(
      (input) => (input.dtype === 'f32' ? v128.load(at(input), 16 * half) : loadBf16(at(input), 8 * half)),
      (output, i, result) => (output.dtype === 'f32' ? v128.store(at(output), result, 16 * half) : rounded(i, half, result)),
    );
  const storeBits = (store: (output: Stream, low: Code, high: Code) => Code): Code =>
    outputs.map((output, i) => {
      const [low, high] = bits[i].map((half) => local.get(half));
      return output.dtype === 'bf16' ? store(output, low, high) : [];
    });
  return {
    eight: [quad(0), quad(1), storeBits((output, low, high) => v128.store(at(output), i16x8.narrowUnsigned(low, high)))],
    four: [quad(0), storeBits((output, low) => v128.store64Lane(at(output), i16x8.narrowUnsigned(low, low), 0))],
    single: (lane) =>
      run(
        // The upper half of a lane is where a bf16 is an f32.
        (input) =>
          input.dtype === 'f32'
            ? v128.load32Lane(at(input), v128.zero, lane, 4 * lane)
            : v128.load16Lane(at(input), v128.zero, 2 * lane + 1, 2 * lane),
        (output, i, result) =>
          output.dtype === 'f32'
            ? v128.store32Lane(at(output), result, lane, 4 * lane)
            : [rounded(i, 0, result), v128.store16Lane(at(output), local.get(bits[i][0]), 2 * lane, 2 * lane)],
        (value, otherwise) =>
          otherwise === undefined ? v128.and(value, ONLY_LANE[lane]) : v128.bitselect(value, otherwise, ONLY_LANE[lane]),
      ),
  };
}

/** All bits of one lane. */
const ONLY_LANE = [0, 1, 2].map((lane) => v128.i32Lanes([0, 1, 2, 3].map((i) => (i === lane ? -1 : 0))));
