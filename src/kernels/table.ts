import type { TensorView } from '../model/index.ts';
import type { CrossEntropyKernels } from './cross-entropy.ts';
import type { GemmKernels } from './gemm.ts';
import type { MoveKernels } from './moves.ts';
import type { NoiseKernels } from './noise.ts';
import type { NormKernels } from './norms.ts';
import type { OptimizerKernels } from './optimizers.ts';
import type { SoftmaxKernels } from './softmax.ts';

/** The buffer that all tensors of a table live in; a `WebAssembly.Memory` is one. */
export interface KernelMemory {
  readonly buffer: ArrayBufferLike;
}

/**
 * The hot kernels as a table of functions over one shared memory, so that a faster path can take a slower one's place without moving data.
 * All paths give the same bits. Each kind of kernel has its file here (interface), in `plain/` (TypeScript) and in `wasm/` (SIMD).
 */
export interface KernelTable
  extends MatmulKernels,
    GemmKernels,
    SoftmaxKernels,
    NormKernels,
    CrossEntropyKernels,
    MoveKernels,
    OptimizerKernels,
    NoiseKernels {
  /** Name of the path for provenance: `naive`, `wasm-simd128`, ... */
  readonly path: string;
  /** The memory that the table was made for. */
  readonly memory: KernelMemory;
}

/**
 * The product of tokens and router weights. Each output is summed sequentially in k, sum = f32(sum + f32(a * b)), on every path and machine: products of f32 are not
 * exact, and one rounding instead of two would change who is routed where.
 */
export interface MatmulKernels {
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
}
