import { describe, expect, it } from 'vitest';
import { findErrors } from '../../src/cli/benchmarks/kernels/check.ts';
import { limitOf, type MachineLimits, shareOfLimit } from '../../src/cli/benchmarks/kernels/limits.ts';
import type { GemmRow } from '../../src/cli/benchmarks/kernels/products.ts';
import { kernelTables } from '../../src/cli/benchmarks/kernels/text.ts';
import { machineOf } from '../../src/cli/machine.ts';
import { benchmarkText } from '../../src/cli/run-benchmark.ts';

const LIMITS: MachineLimits = { simd128: 58, simd256: 115, c128: 59, c256: 118, c512: 220, cBf16: 430, cLoops: null };

function row(path: string, gflops: number, threads = 1): GemmRow {
  const limit = limitOf(path, 'bf16', LIMITS);
  const share = shareOfLimit(gflops, threads, LIMITS[limit]);
  return { path, shape: [1024, 3072, 768], dtype: 'bf16', threads, form: 'NN', gflops, median: gflops, limit, shareOfLimit: share };
}

describe('a number that cannot be is an error', () => {
  it('none where kernels are below their limits, or above by noise', () => {
    expect(
      findErrors(LIMITS, [row('wasm-simd128', 40), row('wasm-simd256', 115 * 1.019), row('native-avx512-bf16', 2 * 430 * 1.01, 2)]),
    ).toEqual([]);
  });

  it('a kernel above the limit of its vectors', () => {
    const errors = findErrors(LIMITS, [row('native-avx2', 118 * 1.03), row('wasm-simd256', 2 * 115 * 1.03, 2), row('tiled', 3)]);
    expect(errors).toEqual([
      'native-avx2, 1024x3072x768 bf16, 1 thread: 121.5 GFLOP/s are 103.0 % of c256',
      'wasm-simd256, 1024x3072x768 bf16, 2 threads: 236.9 GFLOP/s are 103.0 % of simd256',
    ]);
  });

  it('a limit of WebAssembly below nine tenths of that of C', () => {
    expect(findErrors({ ...LIMITS, simd128: 53.2 }, [])).toEqual([]);
    expect(findErrors({ ...LIMITS, simd128: 53 }, [])).toEqual(['the limit simd128, 53.0 GFLOP/s, is 89.8 % of c128, 59.0 GFLOP/s']);
    expect(findErrors({ ...LIMITS, simd256: 60 }, [])).toEqual(['the limit simd256, 60.0 GFLOP/s, is 50.8 % of c256, 118.0 GFLOP/s']);
    expect(findErrors({ ...LIMITS, simd256: null }, [])).toEqual([]);
    expect(findErrors({ ...LIMITS, simd128: 10, c128: null }, [])).toEqual([]);
  });
});

it('each path has its limit', () => {
  const of = (path: string, dtype: 'f32' | 'bf16' = 'bf16', limits = LIMITS) => limitOf(path, dtype, limits);
  const inWasm = ['wasm-simd128', 'wasm-relaxed-fma', 'wasm-simd256'];
  expect(inWasm.map((path) => of(path, 'f32'))).toEqual(inWasm.map(() => 'simd256'));
  expect(inWasm.map((path) => of(path, 'f32', { ...LIMITS, simd256: null }))).toEqual(inWasm.map(() => 'simd128'));
  expect(of('tiled')).toBe('simd128');
  expect([of('native-avx2'), of('native-avx512'), of('native-avx512-bf16'), of('native-avx512-bf16', 'f32')]).toEqual([
    'c256',
    'c512',
    'cBf16',
    'c512',
  ]);
  expect(shareOfLimit(100, 2, null)).toBeNull();
});

it('tables of all paths with large numbers fit 80 columns, and errors stand in red at the end', () => {
  const paths = ['native-avx512-bf16', 'wasm-simd256', 'wasm-relaxed-fma', 'wasm-simd128', 'tiled'];
  const gemm = paths.flatMap((path) => [1, 2].map((threads) => ({ ...row(path, 1234.5, threads), form: 'TN' as const })));
  const common = {
    experts: 64,
    threads: 2,
    tokens: 4096,
    keptTokens: 4000,
    median: 1,
    gflops: 1234.5,
    limit: null,
    phases: [],
    ratioToNumpy: 12.34,
  };
  const layer = paths.map((path) => ({
    ...common,
    path,
    pass: 'backward' as const,
    tokensPerSecond: 1234567,
    shareOfLimit: 1.01,
    nonGemmShare: 0.5,
  }));
  const items = paths.map((path) => ({
    path,
    shape: [64, 256, 256] as const,
    items: 20_480,
    threads: 2,
    microsecondsPerItem: 1234.56,
    median: 1,
  }));
  const tables = kernelTables({ limits: LIMITS, gemm, layer, items });
  const errors = findErrors(LIMITS, gemm);
  const text = benchmarkText(
    machineOf('wasm-simd128'),
    5,
    { fields: {}, tables, notes: [], errors },
    (colour, words) => `<${colour}>${words}`,
  );
  const lines = text.trimEnd().split('\n');
  for (const line of lines) expect(line.replace('<red>', '').length, line).toBeLessThanOrEqual(80);
  expect(lines.at(-1)).toContain('<red>');
  expect(lines.filter((line) => line.startsWith('<red>error: '))).toHaveLength(errors.length);
});
