import type { TensorView } from '../model/index.ts';

/**
 * The hot kernels as a table of functions over one shared memory, so that a faster path can take a slower one's place without moving data.
 * All paths give the same bits: products of bf16 are exact in f32, and each output is summed sequentially in k by multiply and add.
 */
export interface KernelTable {
  /** Name of the path for provenance: `naive`, `wasm-simd128`, ... */
  readonly path: string;
  /** Floats of scratch that `packRight` needs for a [K, N] right-hand side. */
  packedElements(k: number, n: number): number;
  /** Repacks b [K, N] (bf16 or f32, row-major) into `packed` (f32, at least packedElements(K, N) elements), once per right-hand side. */
  packRight(b: TensorView, packed: TensorView): void;
  /**
   * c [M, N] f32 = a [M, K] (bf16 or f32, row-major) x packed right-hand side of shape [K, N].
   * `scratch` (f32) holds at least scratchElements(M, K, N) elements.
   */
  matmul(a: TensorView, packed: TensorView, c: TensorView, scratch: TensorView): void;
  scratchElements(m: number, k: number, n: number): number;
}
