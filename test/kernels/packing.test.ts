import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Block, bf16Bits, createKernelMemory, type PackedRange, type TileKernel } from '../../src/kernels/index.ts';
import { instantiate } from '../../src/kernels/wasm/host.ts';
import { openTiles } from '../../src/kernels/wasm/variants.ts';
import type { Dtype } from '../../src/model/index.ts';
import { MODULES } from './paths.ts';
import { draws } from './support.ts';

const memory = createKernelMemory(1);
const END = memory.buffer.byteLength;
const TARGET = 64;
const PATTERN = 0x5a5a5a5a;

/** Every tile of every variant that compiles here. */
const kernels = MODULES.flatMap(({ variant, module }) => {
  const { plain, fused } = openTiles(variant, instantiate(module, memory));
  return [...new Set([plain, fused])].map((kernel) => [`${kernel.rows} x ${kernel.columns} tiles of ${variant}`, kernel] as const);
});

/** Lines of an operand, along k or side by side. */
interface Lines {
  readonly lines: number;
  readonly depth: number;
  readonly isAlong: boolean;
  readonly gap: number;
  readonly dtype: Dtype;
}

/** Puts lines down so that the last element is the last of the memory; their block, and f32 bits by line and k. */
function putLines({ lines, depth, isAlong, gap, dtype }: Lines, value: () => number): { block: Block; bits: number[][] } {
  const element = dtype === 'f32' ? 4 : 2;
  const stride = ((isAlong ? depth : lines) + gap) * element;
  const [lineBytes, depthBytes] = isAlong ? [stride, element] : [element, stride];
  const offset = END - element - (lines - 1) * lineBytes - (depth - 1) * depthBytes;
  const words = new Float32Array(1);
  const bits = Array.from({ length: lines }, (_line, line) =>
    Array.from({ length: depth }, (_k, k) => {
      const at = offset + line * lineBytes + k * depthBytes;
      words[0] = value();
      if (dtype === 'bf16') {
        const own = bf16Bits(words[0]);
        new Uint16Array(memory.buffer, at, 1)[0] = own;
        return (own << 16) >>> 0;
      }
      new Float32Array(memory.buffer, at, 1).set(words);
      return new Uint32Array(memory.buffer, at, 1)[0];
    }),
  );
  return { block: { offset, lineBytes, depthBytes, dtype }, bits };
}

/** The panels as they should be: [panel][k][width], lines that do not exist are zero. */
function panelsOf(bits: readonly (readonly number[])[], width: number): number[] {
  const panels = Math.ceil(bits.length / width);
  return Array.from({ length: panels }, (_panel, panel) =>
    bits[0].map((_, k) => Array.from({ length: width }, (_line, line) => bits[panel * width + line]?.[k] ?? 0)),
  ).flat(2);
}

/** Of bf16 as f32 bits; zeros count as nothing. */
function rangeOf(bits: readonly (readonly number[])[]): PackedRange {
  const magnitudes = bits.flat().map((word) => (word >>> 16) & 0x7fff);
  const some = magnitudes.filter((magnitude) => magnitude > 0);
  return (Math.min(0xffff, ...some.map((magnitude) => magnitude - 1)) | (Math.max(0, ...some) << 16)) >>> 0;
}

describe.each(kernels)('packing for %s', (_name, kernel: TileKernel) => {
  const drawn = fc.record({
    lines: fc.integer({ min: 1, max: 40 }),
    depth: fc.integer({ min: 1, max: 21 }),
    isAlong: fc.boolean(),
    gap: fc.nat(3),
    dtype: fc.constantFrom<Dtype>('f32', 'bf16'),
  });

  it.each(['packLeft', 'packRight'] as const)('%s makes panels of lines, reads nothing else, and says their range', (side) => {
    const width = side === 'packLeft' ? kernel.rows : kernel.columns;
    fc.assert(
      fc.property(drawn, fc.nat(1e6), fc.constantFrom(0, 40, 140), fc.boolean(), (lines, seed, spread, withZeros) => {
        const next = draws(seed);
        const value = (): number => (withZeros && next() > 0.5 ? 0 : next() * 2 ** Math.round(next() * spread));
        const { block, bits } = putLines(lines, value);
        const expected = panelsOf(bits, width);
        const target = new Uint32Array(memory.buffer, TARGET, expected.length + 8).fill(PATTERN);
        const range = kernel[side](block, lines.lines, lines.depth, TARGET) >>> 0;
        expect(Array.from(target.subarray(0, expected.length))).toEqual(expected);
        expect(target.subarray(expected.length).every((word) => word === PATTERN)).toBe(true);
        if (lines.dtype === 'bf16') expect(range.toString(16)).toBe(rangeOf(bits).toString(16));
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  it('finds the one number that is smallest, or greatest, wherever it stands', () => {
    for (const isAlong of [false, true]) {
      for (const [lines, depth] of [
        [kernel.columns + 3, 9],
        [kernel.rows * 5 + 1, 3],
      ]) {
        for (let at = 0; at < lines * depth; at++) {
          for (const value of [-(2 ** -133), 2 ** 127]) {
            let i = 0;
            const { block, bits } = putLines({ lines, depth, isAlong, gap: 1, dtype: 'bf16' }, () => (i++ === at ? value : 1));
            for (const side of ['packLeft', 'packRight'] as const)
              expect(kernel[side](block, lines, depth, TARGET) >>> 0).toBe(rangeOf(bits));
          }
        }
      }
    }
  });
});
