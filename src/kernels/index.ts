/**
 * Kernels: real Switch kernels on shared memory, forward first, in bf16 arithmetic with f32 sums. The naive version of each is the oracle;
 * faster ones stand beside it and must give the same bits.
 */
export * from './table.ts';
