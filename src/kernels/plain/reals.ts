import { bf16Elements, type Dtype, elementCount, f32Elements, type TensorView } from '../../model/index.ts';
import { roundArrayToBf16, widenBf16 } from '../bf16.ts';
import { BF16, F32, type Numerics } from '../numerics.ts';
import type { KernelMemory } from '../table.ts';

/** The arithmetic whose outcomes a tensor of this type holds. */
export function numericsOf(dtype: Dtype): Numerics {
  return dtype === 'f32' ? F32 : BF16;
}

/** The elements of a tensor as f32, for a reference kernel to read: in place where they are f32, else widened. */
export function readReals({ buffer }: KernelMemory, view: TensorView): Float32Array {
  if (view.dtype === 'f32') return f32Elements(buffer, view);
  const values = new Float32Array(elementCount(view.shape));
  widenBf16(bf16Elements(buffer, view), values);
  return values;
}

/** Stores elements; those of a bf16 tensor are rounded, which changes nothing that a kernel in BF16 has stored. */
export function writeReals({ buffer }: KernelMemory, view: TensorView, values: Float32Array): void {
  if (view.dtype === 'bf16') roundArrayToBf16(values, bf16Elements(buffer, view));
  else f32Elements(buffer, view).set(values);
}
