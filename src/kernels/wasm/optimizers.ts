import type { Bytes } from '../../base/index.ts';
import { BYTES_PER_ELEMENT } from '../../model/index.ts';
import { F32 } from '../numerics.ts';
import type { AdafactorCall, OptimizerKernels } from '../optimizers.ts';
import { createPlainOptimizers } from '../plain/optimizers.ts';
import { adafactorScratch, rowsOfBlock } from '../reference/adafactor-passes.ts';
import { adafactorSettings } from '../reference/optimizers/adafactor.ts';
import { adamwScalars, adamwSettings } from '../reference/optimizers/adamw.ts';
import { sgdSettings } from '../reference/optimizers/sgd.ts';
import type { KernelMemory } from '../table.ts';
import { adafactorShape, adamwElements, expectBlock, sgdElements } from '../update-checks.ts';
import { adafactorDirectionFunction, adafactorSumsFunction, adafactorUpdateFunction } from './adafactor.ts';
import type { WasmFunction } from './emitter.ts';
import { ADAMW_SCALARS, adamwFunction, sgdFunction, sgdName } from './weight-updates.ts';

export function optimizersFunctions(): WasmFunction[] {
  return [
    adafactorSumsFunction(),
    adafactorDirectionFunction(),
    ...[false, true].flatMap((copies) => [
      adamwFunction(copies),
      sgdFunction(false, copies),
      sgdFunction(true, copies),
      adafactorUpdateFunction(copies),
    ]),
  ];
}

const FLOAT_BYTES = BYTES_PER_ELEMENT.f32;

type Exports = Record<string, (...addressesCountsAndScalars: number[]) => void>;

export function createWasmOptimizers(exports: Record<string, unknown>, memory: KernelMemory): OptimizerKernels {
  const wasm = exports as Exports;
  return {
    adamw(tensors, settings, at) {
      const { weights, gradient, firstMoment, secondMoment, copy } = tensors;
      const count = adamwElements(tensors, at);
      const scalars = adamwScalars(F32, adamwSettings(settings), at);
      const addresses = [weights, gradient, firstMoment, secondMoment, copy ?? weights].map(({ offset }) => offset);
      wasm[copy === null ? 'adamw' : 'adamwCopying'](...addresses, count, ...ADAMW_SCALARS.map((name) => scalars[name]));
    },
    sgd(tensors, settings, at) {
      const { weights, gradient, velocity, copy } = tensors;
      const { momentum } = sgdSettings(settings);
      const count = sgdElements(tensors, momentum, at);
      const addresses = [weights, gradient, velocity ?? weights, copy ?? weights].map(({ offset }) => offset);
      wasm[sgdName(velocity !== null, copy !== null)](...addresses, count, at.learningRate, momentum);
    },
    ...createWasmAdafactor(wasm, memory),
  };
}

/** Means and rate go over rows and columns, not over elements: plain code is quick enough. */
function createWasmAdafactor(wasm: Exports, memory: KernelMemory): Pick<OptimizerKernels, `adafactor${string}` & keyof OptimizerKernels> {
  const { adafactorMeans, adafactorRate } = createPlainOptimizers(memory);
  return {
    adafactorMeans,
    adafactorRate,
    adafactorSums(call, block) {
      const { first, rows, columns, weights, gradient, scratch } = openBlock(call, block);
      const { columnSums, rowSums, weightSquares } = scratch;
      const { epsilon1 } = adafactorSettings(call.settings);
      const ofBlock = columnSums + block * columns * FLOAT_BYTES;
      wasm.adafactorSums(gradient, weights, ofBlock, rowSums + first, weightSquares + first, rows, columns, epsilon1);
    },
    adafactorDirection(call, block) {
      const { first, rows, columns, gradient, scratch } = openBlock(call, block);
      const { rowFactors, columnFactors, directionSquares } = scratch;
      wasm.adafactorDirection(gradient, rowFactors + first, columnFactors, directionSquares + first, rows, columns);
    },
    adafactorUpdate(call, block) {
      const { first, rows, columns, weights, gradient, copy, scratch } = openBlock(call, block);
      const { rowFactors, columnFactors, scalars } = scratch;
      const [clip, rate] = new Float32Array(memory.buffer, scalars, 2);
      const run = wasm[call.copy === null ? 'adafactorUpdate' : 'adafactorUpdateCopying'];
      run(weights, gradient, rowFactors + first, columnFactors, copy, rows, columns, clip, rate);
    },
  };
}

/** Counts of a block; addresses of its first elements, and of what passes hand on. `first` is the bytes before it in a list by row. */
function openBlock(call: AdafactorCall, block: number) {
  const shape = adafactorShape(call);
  expectBlock(shape, block);
  const [row, rows] = rowsOfBlock(shape, block);
  const before = row * shape.columns;
  let next = call.scratch.offset;
  const scratch = adafactorScratch(shape, (elements): Bytes => {
    next += elements * FLOAT_BYTES;
    return next - elements * FLOAT_BYTES;
  });
  return {
    first: row * FLOAT_BYTES,
    rows,
    columns: shape.columns,
    weights: call.weights.offset + before * FLOAT_BYTES,
    gradient: call.gradient.offset + before * FLOAT_BYTES,
    copy: call.copy === null ? 0 : call.copy.offset + before * BYTES_PER_ELEMENT.bf16,
    scratch,
  };
}
