import { bf16Elements, f32Elements, type TensorView } from '../../model/index.ts';
import { roundArrayToBf16 } from '../bf16.ts';
import { F32 } from '../numerics.ts';
import type { AdafactorCall, OptimizerKernels } from '../optimizers.ts';
import {
  adafactorScratch,
  bringMeansUpToDate,
  directionOfBlock,
  rateOfAll,
  rowsOfBlock,
  sumsOfBlock,
  updateOfBlock,
} from '../reference/adafactor-passes.ts';
import { adafactorSettings, freshShare } from '../reference/optimizers/adafactor.ts';
import { adamw } from '../reference/optimizers/adamw.ts';
import type { OptimizerState } from '../reference/optimizers/optimizer.ts';
import { sgd, sgdSettings } from '../reference/optimizers/sgd.ts';
import type { KernelMemory } from '../table.ts';
import { adafactorShape, adamwElements, expectBlock, sgdElements } from '../update-checks.ts';

/** The reference updates on the memory of the table. */
export function createPlainOptimizers(memory: KernelMemory): OptimizerKernels {
  const values = (view: TensorView): Float32Array => f32Elements(memory.buffer, view);
  const writeCopy = (weights: TensorView, copy: TensorView | null): void => {
    if (copy !== null) roundArrayToBf16(values(weights), bf16Elements(memory.buffer, copy));
  };
  return {
    adamw({ weights, gradient, firstMoment, secondMoment, copy }, settings, at) {
      const columns = adamwElements({ weights, gradient, firstMoment, secondMoment, copy }, at);
      if (columns === 0) return;
      const state = { firstMoment: values(firstMoment), secondMoment: values(secondMoment) };
      adamw(settings).update(F32, { rows: 1, columns }, at, { weights: values(weights), gradient: values(gradient), state });
      writeCopy(weights, copy);
    },
    sgd({ weights, gradient, velocity, copy }, settings, at) {
      const columns = sgdElements({ weights, gradient, velocity, copy }, sgdSettings(settings).momentum, at);
      if (columns === 0) return;
      const state: OptimizerState = velocity === null ? {} : { velocity: values(velocity) };
      sgd(settings).update(F32, { rows: 1, columns }, at, { weights: values(weights), gradient: values(gradient), state });
      writeCopy(weights, copy);
    },
    ...createPlainAdafactor(memory),
  };
}

function createPlainAdafactor(memory: KernelMemory): Pick<OptimizerKernels, `adafactor${string}` & keyof OptimizerKernels> {
  const values = (view: TensorView): Float32Array => f32Elements(memory.buffer, view);
  const open = (call: AdafactorCall) => {
    const shape = adafactorShape(call);
    const all = values(call.scratch);
    let next = 0;
    const scratch = adafactorScratch(shape, (elements) => {
      next += elements;
      return all.subarray(next - elements, next);
    });
    const tensors = { weights: values(call.weights), gradient: values(call.gradient) };
    return { shape, scratch, tensors, settings: adafactorSettings(call.settings) };
  };
  return {
    adafactorSums(call, block) {
      const { shape, settings, tensors, scratch } = open(call);
      expectBlock(shape, block);
      sumsOfBlock(F32, shape, block, settings.epsilon1, tensors, scratch);
    },
    adafactorMeans(call) {
      const { shape, settings, scratch } = open(call);
      const means = { rowMeans: call.rowMeans === null ? null : values(call.rowMeans), columnMeans: values(call.columnMeans) };
      bringMeansUpToDate(F32, shape, freshShare(F32, settings, call.at.step), means, scratch);
    },
    adafactorDirection(call, block) {
      const { shape, tensors, scratch } = open(call);
      expectBlock(shape, block);
      directionOfBlock(F32, shape, block, tensors.gradient, scratch);
    },
    adafactorRate(call) {
      const { shape, settings, scratch } = open(call);
      rateOfAll(F32, shape, { ...settings, learningRate: call.at.learningRate }, scratch);
    },
    adafactorUpdate(call, block) {
      const { shape, tensors, scratch } = open(call);
      expectBlock(shape, block);
      updateOfBlock(F32, shape, block, tensors, scratch);
      if (call.copy === null) return;
      const [first, rows] = rowsOfBlock(shape, block);
      const part = [first * shape.columns, (first + rows) * shape.columns];
      roundArrayToBf16(tensors.weights.subarray(...part), bf16Elements(memory.buffer, call.copy).subarray(...part));
    },
  };
}
