import type { Bytes } from '../../base/index.ts';
import { BYTES_PER_ELEMENT } from '../../model/index.ts';
import { F32 } from '../numerics.ts';
import type { AdafactorCall, OptimizerKernels } from '../optimizers.ts';
import { createPlainOptimizers } from '../plain/optimizers.ts';
import { adafactorSettings } from '../reference/optimizers/adafactor.ts';
import { type AdafactorScratch, rowsOfBlock } from '../reference/optimizers/adafactor-passes.ts';
import { adamwScalars, adamwSettings } from '../reference/optimizers/adamw.ts';
import { sgdSettings } from '../reference/optimizers/sgd.ts';
import type { KernelMemory } from '../table.ts';
import { adamwElements, expectBlock, openAdafactor, sgdElements } from '../update-checks.ts';
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
      const { columns, rows, weights, gradient, scratch, first } = openBlock(memory, call, block);
      const { columnSums, rowSums, weightSquares } = scratch;
      const lists = [addressAt(columnSums, block * columns), addressAt(rowSums, first), addressAt(weightSquares, first)];
      wasm.adafactorSums(gradient, weights, ...lists, rows, columns, adafactorSettings(call.settings).epsilon1);
    },
    adafactorDirection(call, block) {
      const { columns, rows, gradient, scratch, first } = openBlock(memory, call, block);
      const { rowFactors, columnFactors, directionSquares } = scratch;
      const lists = [addressAt(rowFactors, first), addressAt(columnFactors, 0), addressAt(directionSquares, first)];
      wasm.adafactorDirection(gradient, ...lists, rows, columns);
    },
    adafactorUpdate(call, block) {
      const { columns, rows, weights, gradient, copy, scratch, first } = openBlock(memory, call, block);
      const { rowFactors, columnFactors, scalars } = scratch;
      const lists = [addressAt(rowFactors, first), addressAt(columnFactors, 0)];
      const run = wasm[call.copy === null ? 'adafactorUpdate' : 'adafactorUpdateCopying'];
      run(weights, gradient, ...lists, copy, rows, columns, ...scalars);
    },
  };
}

/** What a block works on: addresses of its first elements. */
function openBlock(memory: KernelMemory, call: AdafactorCall, block: number) {
  const { shape, scratch } = openAdafactor(memory, call);
  expectBlock(shape, block);
  const [first, rows] = rowsOfBlock(shape, block);
  const before = first * shape.columns;
  return {
    scratch,
    first,
    rows,
    columns: shape.columns,
    weights: call.weights.offset + before * BYTES_PER_ELEMENT.f32,
    gradient: call.gradient.offset + before * BYTES_PER_ELEMENT.f32,
    copy: call.copy === null ? 0 : call.copy.offset + before * BYTES_PER_ELEMENT.bf16,
  };
}

function addressAt(list: AdafactorScratch[keyof AdafactorScratch], index: number): Bytes {
  return list.byteOffset + index * BYTES_PER_ELEMENT.f32;
}
