import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ADDON_FILE } from '../../src/cluster/native-tiles.ts';
import { type Block, createKernelMemory, type PackedRange } from '../../src/kernels/index.ts';
import { BYTES_PER_ELEMENT, type Dtype } from '../../src/model/index.ts';
import { draws } from '../kernels/support.ts';
import { nativeIsThere, nativeLevels, nativeTiles } from './native-support.ts';

const LENGTH = 1 << 20;
const memory = createKernelMemory(LENGTH);
const bytes = new Uint8Array(memory.buffer);
/** Bits of an element of a source, where lines and k that do not exist are zero, or the zero that changes no sum. */
function elementAt({ offset, lineBytes, depthBytes, dtype }: Block, line: number, k: number): number {
  const view = new DataView(memory.buffer, offset + line * lineBytes + k * depthBytes);
  return dtype === 'f32' ? view.getUint32(0, true) : view.getUint16(0, true);
}

/** What packing must leave, word by word, as tile-kernel.ts and native/packing.h have it. */
function packedWords(source: Block, lines: number, depth: number, width: number, step: number, padding: number): number[] {
  const words: number[] = [];
  for (let first = 0; first < lines; first += width) {
    for (let k = 0; k < depth; k += step) {
      for (let line = first; line < first + width; line++) {
        const [upper, lower] = [0, 1].map((i) => (line >= lines ? 0 : k + i < depth ? elementAt(source, line, k + i) : padding));
        words.push((source.dtype === 'f32' ? upper : step === 1 ? upper << 16 : (upper << 16) | lower) >>> 0);
      }
    }
  }
  return words;
}

const CANARY = 0x5a;

/** The least t - 1 and the greatest t of what is packed. */
function rangeOf(source: Block, lines: number, depth: number): PackedRange {
  let [least, greatest] = [0xffff, 0];
  for (let line = 0; line < lines; line++) {
    for (let k = 0; k < depth; k++) {
      const t = elementAt(source, line, k) & 0x7fff;
      [least, greatest] = [Math.min(least, (t - 1) & 0xffff), Math.max(greatest, t)];
    }
  }
  return (least | (greatest << 16)) >>> 0;
}

describe.skipIf(!nativeIsThere).each(nativeLevels)('packing of the native level %s', (level) => {
  const size = fc.integer({ min: 1, max: 80 });
  const drawn = fc.record({
    lines: size,
    depth: size,
    gap: fc.integer({ min: 0, max: 5 }),
    along: fc.boolean(),
    isRight: fc.boolean(),
    isFused: fc.boolean(),
    dtype: fc.constantFrom<Dtype>('f32', 'bf16'),
    seed: fc.integer(),
  });

  it('lays out panels, pads them, tells the range of bf16, and writes nothing else', () => {
    fc.assert(
      fc.property(drawn, ({ lines, depth, gap, along, isRight, isFused, dtype, seed }) => {
        const tiles = nativeTiles(memory, level);
        const kernel = isFused ? tiles.fused : tiles.plain;
        const wanted: Dtype = kernel.depthStep === 2 ? 'bf16' : dtype;
        const element = BYTES_PER_ELEMENT[wanted];
        const stride = ((along ? depth : lines) + gap) * element;
        const source: Block = { offset: 64, lineBytes: along ? stride : element, depthBytes: along ? element : stride, dtype: wanted };
        const next = draws(seed);
        for (let i = 0; i < 1 << 16; i++) bytes[i] = Math.floor((next() + 1) * 128) & (i % 2 === 0 ? 0xff : 0xbf);
        const width = isRight ? kernel.columns : kernel.rows;
        const expected = packedWords(source, lines, depth, width, kernel.depthStep, isRight ? 0 : 0x8000);
        const target = 1 << 17;
        bytes.fill(CANARY, target - 64, target + 4 * expected.length + 64);
        const range = (isRight ? kernel.packRight : kernel.packLeft)(source, lines, depth, target);
        expect(Array.from(new Uint32Array(memory.buffer, target, expected.length))).toEqual(expected);
        for (const at of [target - 64, target + 4 * expected.length])
          expect([...bytes.subarray(at, at + 64)].every((b) => b === CANARY)).toBe(true);
        if (wanted === 'bf16') expect(range).toBe(rangeOf(source, lines, depth));
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it('refuses what reaches outside the memory, or is no block, and touches nothing', () => {
    const source: Block = { offset: 0, lineBytes: 2 * 16, depthBytes: 2, dtype: 'bf16' };
    const before = bytes.slice();
    const odd = { ...source, depthBytes: 6 };
    const { plain, fused } = nativeTiles(memory, level);
    for (const kernel of [plain, fused]) {
      expect(() => kernel.packLeft(source, 16, 16, LENGTH - 64)).toThrow('outside the memory');
      expect(() => kernel.packRight({ ...source, offset: LENGTH - 64 }, 16, 16, 0)).toThrow('outside the memory');
      expect(() => kernel.packRight({ ...source, lineBytes: 2 ** 52 }, 16, 16, 0)).toThrow('outside the memory');
      expect(() => kernel.packLeft({ ...source, offset: -2 }, 16, 16, 0)).toThrow('wrong kind');
      expect(() => kernel.packLeft({ ...source, offset: Number.NaN }, 16, 16, 0)).toThrow('wrong kind');
      expect(() => kernel.packLeft(odd, 16, 16, 0)).toThrow('no block');
      expect(() => kernel.packLeft(source, 0, 16, 0)).toThrow('no block');
      const places = [0, 0, 0, 16, 4 * kernel.columns, 1, 1] as const;
      for (const [argument, value] of [
        [0, LENGTH - 64],
        [1, LENGTH - 64],
        [2, LENGTH - 64],
        [3, LENGTH],
        [4, LENGTH],
        [5, LENGTH],
        [6, LENGTH],
      ]) {
        const [left, right, c, depth, row, rowPanels, columnPanels] = places.map((usual, i) => (i === argument ? value : usual));
        expect(() => kernel.tiles(left, right, c, depth, row, rowPanels, columnPanels, true), `argument ${argument}`).toThrow('outside');
      }
      expect(() => kernel.tiles(0, 0, 0, kernel.depthStep / 2, 64, 1, 1, false)).toThrow('no whole panels');
    }
    expect(Buffer.compare(before, bytes)).toBe(0);
  });

  it('and its tiles work in two threads at once', async () => {
    const depth = 384;
    const next = draws(5);
    const view = new Uint16Array(memory.buffer);
    for (let i = 0; i < 2 * 32 * depth; i++) view[i] = 0x3f00 + Math.floor((next() + 1) * 128);
    const answers = await Promise.all(
      [0, 1].map((thread) => {
        const base = (1 << 18) * (thread + 1);
        const block = { left: 0, right: 2 * 32 * depth, depth, c: base, scratch: base + 8192 };
        return runThread({ file: ADDON_FILE, buffer: memory.buffer, level, fused: true, block, rounds: 300 });
      }),
    );
    expect(answers.map(({ same }) => same)).toEqual([true, true]);
    expect(answers[0].product).toEqual(answers[1].product);
    expect(answers[0].product.some((bits) => bits !== 0)).toBe(true);
  });
});

interface ThreadAnswer {
  readonly same: boolean;
  readonly product: Uint32Array;
}

function runThread(workerData: object): Promise<ThreadAnswer> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./native-thread.mjs', import.meta.url), { workerData });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
