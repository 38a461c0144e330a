import type { MachineLimits } from './limits.ts';
import type { GemmRow } from './products.ts';

/** Limits and rates are measured one after the other on a machine that is never quite still. */
const NOISE = 0.02;
/** Registers and units are the same for both; WebAssembly must come this near to C. */
const LEAST_OF_C = 0.9;

/** What cannot be: a kernel faster than its units, or a limit of WebAssembly that the machine could easily pass. Either number is wrong then. */
export function findErrors(
  limits: MachineLimits,
  gemm: readonly Pick<GemmRow, 'path' | 'shape' | 'dtype' | 'threads' | 'gflops' | 'limit' | 'shareOfLimit'>[],
): string[] {
  const above = gemm
    .filter(({ shareOfLimit }) => shareOfLimit !== null && shareOfLimit > 1 + NOISE)
    .map(
      ({ path, shape, dtype, threads, gflops, limit, shareOfLimit }) =>
        `${path}, ${shape.join('x')} ${dtype}, ${threads} ${threads === 1 ? 'thread' : 'threads'}: ${gflops.toFixed(1)} GFLOP/s are ${percent(shareOfLimit ?? 0)} of ${limit}`,
    );
  return [
    ...above,
    ...lowLimit('simd128', limits.simd128, 'c128', limits.c128),
    ...lowLimit('simd256', limits.simd256, 'c256', limits.c256),
  ];
}

function lowLimit(name: string, wasm: number | null, ofC: string, c: number | null): string[] {
  if (wasm === null || c === null || wasm >= LEAST_OF_C * c) return [];
  return [`the limit ${name}, ${wasm.toFixed(1)} GFLOP/s, is ${percent(wasm / c)} of ${ofC}, ${c.toFixed(1)} GFLOP/s`];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
