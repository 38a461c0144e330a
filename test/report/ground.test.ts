import { describe, expect, it } from 'vitest';
import type { KernelSpeed } from '../../src/kernels/index.ts';
import { provenance } from '../../src/report/sections/ground.ts';
import { sampleResult } from './sample-result.ts';

const from = { ...sampleResult().provenance, kernelPath: 'wasm-simd256' };

/** What the page says of kernels of a speed. */
function kernels(kernelSpeed: KernelSpeed | null | undefined): string | undefined {
  const { html } = provenance({ ...from, kernelSpeed }, 'f00d', [1], 'key');
  return /<dt>Kernels<\/dt><dd>([^<]*)<\/dd>/.exec(html)?.[1];
}

describe('what a result rests on', () => {
  it('says how fast the kernels were, and of what', () => {
    expect(kernels({ bf16: 102.06, f32: 70.25, limit: 113.4 })).toBe(
      'wasm-simd256, 102 GFLOP/s per thread in bf16 (90 % of what this machine reached on registers alone), 70.3 in f32',
    );
    expect(kernels({ bf16: 102.06, f32: 70.25, limit: null })).toBe('wasm-simd256, 102 GFLOP/s per thread in bf16, 70.3 in f32');
  });

  it('says no more than their name where nothing was measured', () => {
    expect(kernels(null)).toBe('wasm-simd256');
    expect(kernels(undefined)).toBe('wasm-simd256');
  });
});
