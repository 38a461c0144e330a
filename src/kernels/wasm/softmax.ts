import { createPlainSoftmax } from '../plain/softmax.ts';
import { type SoftmaxKernels, softmaxSizes } from '../softmax.ts';
import type { KernelMemory } from '../table.ts';
import { type Code, localsAfter, type WasmFunction } from './emitter.ts';
import { expInstructions } from './exp.ts';
import { advance, countDown, f32, f32x4, i32, local, v128 } from './instructions.ts';

/**
 * `softmax(source, sourceRowBytes, target, quads, rows, maxima, sums)`: the row softmax of `softmaxRows`, four columns at a time, operation by
 * operation the same. `quads` is the number of columns divided by 4, at least 1; target rows stand one behind the other.
 */
export function softmaxFunction(): WasmFunction {
  const [source, sourceRowBytes, target, quads, rows, maxima, sums] = [0, 1, 2, 3, 4, 5, 6];
  const locals = localsAfter(7);
  const [read, write, left] = [locals.declare('i32'), locals.declare('i32'), locals.declare('i32')];
  const [maximum, sum, value] = [locals.declare('v128'), locals.declare('v128'), locals.declare('v128')];
  const exp = expInstructions(() => locals.declare('v128'));

  /** Runs `step` for every quad of the row; it moves the pointers itself. */
  const overRow = (step: Code): Code => [
    local.set(read, local.get(source)),
    local.set(write, local.get(target)),
    local.set(left, local.get(quads)),
    countDown(left, step),
  ];
  const body: Code = countDown(rows, [
    local.set(maximum, v128.load(local.get(source))),
    overRow([local.set(maximum, f32x4.max(local.get(maximum), v128.load(local.get(read)))), next(read)]),
    local.set(maximum, f32x4.splat(acrossLanes(f32.max, maximum))),
    f32.store(local.get(maxima), f32x4.extractLane(local.get(maximum), 0)),

    local.set(sum, v128.zero),
    overRow([
      exp(value, f32x4.sub(v128.load(local.get(read)), local.get(maximum))),
      v128.store(local.get(write), local.get(value)),
      local.set(sum, f32x4.add(local.get(sum), local.get(value))),
      next(read),
      next(write),
    ]),
    f32.store(local.get(sums), acrossLanes(f32.add, sum)),

    local.set(sum, f32x4.splat(acrossLanes(f32.add, sum))),
    overRow([v128.store(local.get(write), f32x4.div(v128.load(local.get(write)), local.get(sum))), next(write)]),
    local.set(target, local.get(write)),
    advance(source, local.get(sourceRowBytes)),
    advance(maxima, i32.const(4)),
    advance(sums, i32.const(4)),
  ]);
  return { name: 'softmax', parameters: 7, locals: locals.declared, body };
}

function next(pointer: number): Code {
  return advance(pointer, i32.const(16));
}

/** (0 op 1) op (2 op 3) of the lanes of a vector. */
function acrossLanes(op: (left: Code, right: Code) => Code, vector: number): Code {
  const lane = (index: number): Code => f32x4.extractLane(local.get(vector), index);
  return op(op(lane(0), lane(1)), op(lane(2), lane(3)));
}

interface SoftmaxExports {
  softmax(source: number, sourceRowBytes: number, target: number, quads: number, rows: number, maxima: number, sums: number): void;
}

export function softmaxFunctions(): WasmFunction[] {
  return [softmaxFunction()];
}

export function createWasmSoftmax(exports: Record<string, unknown>, memory: KernelMemory): SoftmaxKernels {
  const wasm = exports as unknown as SoftmaxExports;
  const plain = createPlainSoftmax(memory);
  return {
    ...plain,
    /** Rows whose columns do not fill whole vectors go the scalar way, which gives the same bits. */
    softmax(logits, firstColumn, probabilities, statistics) {
      const [rows, width, experts] = softmaxSizes(logits, firstColumn, probabilities, statistics);
      if (experts % LANES !== 0) {
        plain.softmax(logits, firstColumn, probabilities, statistics);
        return;
      }
      if (rows === 0) return;
      const source = logits.offset + firstColumn * FLOAT_BYTES;
      const sums = statistics.offset + rows * FLOAT_BYTES;
      wasm.softmax(source, width * FLOAT_BYTES, probabilities.offset, experts / LANES, rows, statistics.offset, sums);
    },
  };
}

const LANES = 4;
const FLOAT_BYTES = 4;
