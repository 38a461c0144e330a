import { type KernelTable, type Matrix, STORE, type Step } from '../../../kernels/index.ts';
import { BYTES_PER_ELEMENT, type TensorView } from '../../../model/index.ts';
import type { ItemPlan, LanePlan } from './memory-plan.ts';

/** Small products as the items of one phase, each called as an emulated chip would call it. */
export function itemStep({ item: { count, shape }, left, right, target }: ItemPlan, table: KernelTable, lanes: readonly LanePlan[]): Step {
  const slots = left.shape[0];
  return {
    phaseItems: [count],
    run: (_, item, lane) => {
      const slot = item % slots;
      table.gemm(
        {
          left: matrixAt(left, slot),
          right: matrixAt(right, slot),
          target: matrixAt(target, slot),
          transposeLeft: false,
          transposeRight: false,
          accumulate: false,
          epilogue: STORE,
        },
        lanes[lane].scratch,
      );
    },
    name: (_, item) => `product ${item} of ${shape.join(' x ')}`,
  };
}

function matrixAt({ offset, shape: [, rows, columns], dtype }: TensorView, index: number): Matrix {
  return { offset: offset + index * rows * columns * BYTES_PER_ELEMENT[dtype], rows, columns, stride: columns, dtype };
}
