import type { TensorView } from '../model/index.ts';

/** The buffer that all tensors of a table live in; a `WebAssembly.Memory` is one. */
export interface KernelMemory {
  readonly buffer: ArrayBufferLike;
}

/**
 * The hot kernels as a table of functions over one shared memory, so that a faster path can take a slower one's place without moving data.
 * All paths give the same bits: each output is summed sequentially in k, sum = f32(sum + f32(a * b)); products of bf16 are exact in f32.
 */
export interface KernelTable {
  /** Name of the path for provenance: `naive`, `wasm-simd128`, ... */
  readonly path: string;
  /** The memory that the table was made for. */
  readonly memory: KernelMemory;
  /** Floats of a [K, N] right-hand side once `packRight` has repacked it. */
  packedElements(k: number, n: number): number;
  /** Repacks b [K, N] (bf16 or f32, row-major) into `packed` (f32, at least packedElements(K, N) elements), once per right-hand side. */
  packRight(b: TensorView, packed: TensorView): void;
  /**
   * c [M, N] f32 = a [M, K] (bf16 or f32, row-major) x packed right-hand side of shape [K, N].
   * `scratch` (f32) holds at least scratchElements(M, K, N) elements.
   */
  matmul(a: TensorView, packed: TensorView, c: TensorView, scratch: TensorView): void;
  scratchElements(m: number, k: number, n: number): number;
  /**
   * probabilities [S, E] f32 = softmax over the columns firstColumn .. firstColumn + E - 1 of logits [S, width] f32, row by row.
   * statistics [2, S] f32 receives the row maxima, then the row sums of exp(logit - maximum); see `squaredLogSumExp`.
   */
  softmax(logits: TensorView, firstColumn: number, probabilities: TensorView, statistics: TensorView): void;
}
