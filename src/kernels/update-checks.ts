import { assert } from '../base/index.ts';
import { elementCount, type TensorView } from '../model/index.ts';
import { type AdafactorCall, type AdamWTensors, adafactorScratchElements, type SgdTensors, weightShape } from './optimizers.ts';
import { adafactorBlocks } from './reference/adafactor-passes.ts';
import { expectStep } from './reference/optimizer-checks.ts';
import type { OptimizerStep, WeightShape } from './reference/optimizers/index.ts';

/** What every path of the optimizers checks first; the number of elements. */
export function adamwElements({ weights, gradient, firstMoment, secondMoment, copy }: AdamWTensors, at: OptimizerStep): number {
  expectStep('adamw', at);
  const count = elementCount(weights.shape);
  expectTensors('adamw', count, { weights, gradient, firstMoment, secondMoment }, copy);
  return count;
}

export function sgdElements({ weights, gradient, velocity, copy }: SgdTensors, momentum: number, at: OptimizerStep): number {
  expectStep('sgd', at);
  const count = elementCount(weights.shape);
  expectTensors('sgd', count, velocity === null ? { weights, gradient } : { weights, gradient, velocity }, copy);
  assert(momentum > 0 === (velocity !== null), `sgd: momentum ${momentum} ${velocity === null ? 'without' : 'with'} a velocity`);
  return count;
}

/** Checks a call; the shape of its weights. */
export function adafactorShape(call: AdafactorCall): WeightShape {
  const shape = weightShape(call);
  const { weights, gradient, rowMeans, columnMeans, copy, scratch } = call;
  const { rows, columns } = shape;
  expectStep('adafactor', call.at);
  expectTensors('adafactor', rows * columns, { weights, gradient }, copy);
  expectTensors('adafactor', columns, { columnMeans }, null);
  assert((rows === 1) === (rowMeans === null), `adafactor: ${rows} rows ${rowMeans === null ? 'without' : 'with'} row means`);
  if (rowMeans !== null) expectTensors('adafactor', rows, { rowMeans }, null);
  const [needed, has] = [adafactorScratchElements(shape), elementCount(scratch.shape)];
  assert(scratch.dtype === 'f32' && has >= needed, `adafactor: scratch of ${has} ${scratch.dtype} elements, needs ${needed}`);
  return shape;
}

export function expectBlock(shape: WeightShape, block: number): void {
  const blocks = adafactorBlocks(shape);
  assert(block >= 0 && block < blocks, `adafactor: block ${block} of ${blocks}`);
}

function expectTensors(fn: string, count: number, tensors: Readonly<Record<string, TensorView>>, copy: TensorView | null): void {
  for (const name in tensors) {
    const { shape, dtype } = tensors[name];
    const elements = elementCount(shape);
    if (dtype !== 'f32' || elements !== count) assert(false, `${fn}: ${name} of ${elements} ${dtype} elements for ${count}`);
  }
  if (copy === null) return;
  const elements = elementCount(copy.shape);
  assert(copy.dtype === 'bf16' && elements === count, `${fn}: copy of ${elements} ${copy.dtype} elements for ${count}`);
}
