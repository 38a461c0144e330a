import { assert } from '../base/index.ts';
import { elementCount, f32Elements, type TensorView } from '../model/index.ts';
import { type AdafactorCall, type AdamWTensors, adafactorScratchElements, type SgdTensors, weightShape } from './optimizers.ts';
import { expectStep } from './reference/optimizer-checks.ts';
import { type AdafactorScratch, adafactorBlocks, adafactorScratch } from './reference/optimizers/adafactor-passes.ts';
import type { OptimizerStep, WeightShape } from './reference/optimizers/index.ts';
import type { KernelMemory } from './table.ts';

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

/** The shape, and the scratch as arrays. */
export function openAdafactor(
  memory: KernelMemory,
  call: AdafactorCall,
): { readonly shape: WeightShape; readonly scratch: AdafactorScratch } {
  const shape = weightShape(call);
  const { weights, gradient, rowMeans, columnMeans, copy } = call;
  const { rows, columns } = shape;
  expectStep('adafactor', call.at);
  expectTensors('adafactor', rows * columns, { weights, gradient }, copy);
  expectTensors('adafactor', columns, { columnMeans }, null);
  assert((rows === 1) === (rowMeans === null), `adafactor: ${rows} rows ${rowMeans === null ? 'without' : 'with'} row means`);
  if (rowMeans !== null) expectTensors('adafactor', rows, { rowMeans }, null);
  const [needed, has] = [adafactorScratchElements(shape), elementCount(call.scratch.shape)];
  assert(call.scratch.dtype === 'f32' && has >= needed, `adafactor: scratch of ${has} ${call.scratch.dtype} elements, needs ${needed}`);
  const all = f32Elements(memory.buffer, call.scratch);
  let next = 0;
  const scratch = adafactorScratch(shape, (elements) => {
    next += elements;
    return all.subarray(next - elements, next);
  });
  return { shape, scratch };
}

export function expectBlock(shape: WeightShape, block: number): void {
  const blocks = adafactorBlocks(shape);
  assert(block >= 0 && block < blocks, `adafactor: block ${block} of ${blocks}`);
}

function expectTensors(fn: string, count: number, tensors: Readonly<Record<string, TensorView>>, copy: TensorView | null): void {
  for (const [name, { shape, dtype }] of Object.entries(tensors))
    assert(dtype === 'f32' && elementCount(shape) === count, `${fn}: ${name} of ${elementCount(shape)} ${dtype} elements for ${count}`);
  assert(
    copy === null || (copy.dtype === 'bf16' && elementCount(copy.shape) === count),
    `${fn}: copy of ${copy === null ? 0 : elementCount(copy.shape)} ${copy?.dtype} elements for ${count}`,
  );
}
