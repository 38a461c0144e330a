/**
 * Kernels: what a Transformer with Switch layers computes, forward and backward, in f32 and in bf16 with f32 sums. A `KernelTable` has all of them over one
 * memory, in TypeScript (`plain/`) or in SIMD (`wasm/`), with the bits of the reference kernels (`reference/`). Compile `kernelModuleBytes` once, give
 * the module to every thread, and let each make its own table with `createWasmTable`; `createNaiveTable`, the oracle, runs anywhere. Whole layers
 * (`layers/`) are steps: phases of items that any number of lanes run by `runStep`. This room starts no threads.
 */

export * from './activations-f32.ts';
export * from './bf16.ts';
export { GEMM_SCRATCH_ELEMENTS } from './blocked-gemm.ts';
export { crossEntropySums, type MeanOfTokens } from './cross-entropy.ts';
export * from './feed-forward.ts';
export * from './gemm.ts';
export * from './layers/index.ts';
export * from './losses.ts';
export * from './moves.ts';
export { createNaiveTable } from './naive-table.ts';
export * from './noise.ts';
export type { Columns } from './norms.ts';
export * from './numerics.ts';
export * from './optimizers.ts';
export * from './rates.ts';
export * from './reference/index.ts';
export * from './run-step.ts';
export { squaredLogSumExp } from './softmax.ts';
export * from './step.ts';
export * from './step-control.ts';
export * from './table.ts';
export * from './tile-kernel.ts';
export { createTiledTable } from './tiled-table.ts';
export { compileModule, createKernelMemory, createPlainMemory, type WasmModule } from './wasm/host.ts';
export { type Limits, limitsOf, measureLimits } from './wasm/limits.ts';
export { createScalarTable, createWasmTable, kernelModuleBytes, type OtherTiles } from './wasm/table.ts';
export { openTimings, TIMING_BYTES, type TimedTiles, type Timings, timedTiles } from './wasm/timings.ts';
export { WASM_VARIANTS, type WasmVariant } from './wasm/variants.ts';
