import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CrossEntropyOptions,
  crossEntropy,
  crossEntropyBackward,
  crossEntropySums,
  F32,
  type KernelTable,
} from '../../src/kernels/index.ts';
import { type Dtype, f32Elements } from '../../src/model/index.ts';
import { memory, tables } from './support.ts';
import { drawValues, NUMERICS, openWorkspace, SPECIAL, valuesOf } from './workspace.ts';

interface Case {
  readonly tokens: number;
  readonly vocabulary: number;
  readonly logits: Float32Array;
  readonly targets: Int32Array;
  readonly options: CrossEntropyOptions;
  readonly dtype: Dtype;
}

const D_LOSS = 3;

/** Statistics, sums and dLogits of the reference. */
function expectedOf({ tokens, vocabulary, logits, targets, options, dtype }: Case) {
  const [statistics, dLogits] = [new Float32Array(2 * tokens), new Float32Array(logits.length)];
  const wanted = { ...options, targets };
  const sums = crossEntropy(F32, { tokens, vocabulary }, logits, wanted, statistics);
  const inputs = { logits, statistics, counted: sums.counted, dLoss: D_LOSS };
  crossEntropyBackward(NUMERICS[dtype], { tokens, vocabulary }, inputs, wanted, dLogits);
  return { maximaAndSums: Array.from(statistics), sums, dLogits: Array.from(dLogits) };
}

/** The same of a table, by two blocks of rows. */
function outcomeOf(table: KernelTable, { tokens, vocabulary, logits, targets, options, dtype }: Case) {
  const workspace = openWorkspace();
  const x = workspace.tensor([tokens, vocabulary], 'f32', logits);
  const wanted = workspace.int32(targets);
  const statistics = workspace.tensor([tokens, 4], 'f32', Number.NaN);
  const dLogits = workspace.tensor([tokens, vocabulary], dtype, 7);
  const cut = Math.floor(tokens / 2);
  for (const [from, to] of [
    [cut, tokens],
    [0, cut],
  ]) {
    const window = <T extends { offset: number; shape: readonly number[] }>(view: T, width: number, bytes: number): T => ({
      ...view,
      offset: view.offset + from * width * bytes,
      shape: [to - from, width],
    });
    const own = [window(x, vocabulary, 4), wanted + from * 4, options, window(statistics, 4, 4)] as const;
    table.crossEntropy(...own);
    const counted = targets.filter((target) => target !== (options.ignored ?? -1)).length;
    table.crossEntropyBackward(...own, { counted, dLoss: D_LOSS }, window(dLogits, vocabulary, dtype === 'f32' ? 4 : 2));
  }
  workspace.expectUntouched(table);
  const numbers = valuesOf(statistics);
  return {
    maximaAndSums: [0, 1].flatMap((which) => Array.from(targets, (_, t) => numbers[4 * t + which])),
    sums: crossEntropySums(f32Elements(memory.buffer, statistics), targets, options.ignored),
    dLogits: valuesOf(dLogits),
  };
}

describe('cross-entropy of the tables', () => {
  it('has the bits of the reference on every path, forward and backward', () => {
    const cases = fc.record({
      tokens: fc.integer({ min: 0, max: 5 }),
      vocabulary: fc.integer({ min: 1, max: 70 }),
      labelSmoothing: fc.constantFrom(0, 0.1),
      zLoss: fc.constantFrom(0, 1e-4),
      ignored: fc.constantFrom(-1, 0),
      seed: fc.nat(1e6),
      dtype: fc.constantFrom<Dtype>('f32', 'bf16'),
      special: fc.constantFrom([], [Number.NEGATIVE_INFINITY, 0, -0], SPECIAL),
      scale: fc.constantFrom(1, 100),
    });
    fc.assert(
      fc.property(cases, ({ tokens, vocabulary, seed, dtype, special, scale, ...options }) => {
        const logits = drawValues(seed, tokens * vocabulary, 'f32', scale, special, 10);
        const targets = Int32Array.from({ length: tokens }, (_, t) => (t === 2 ? options.ignored : (seed + t * 7) % vocabulary));
        const own = { tokens, vocabulary, logits, targets, options, dtype };
        const expected = expectedOf(own);
        for (const table of tables) expect(outcomeOf(table, own), table.path).toEqual(expected);
      }),
      { numRuns: 300, seed: 41 },
    );
  });

  it('has the bits of the reference for the vocabulary of T5', () => {
    const [tokens, vocabulary] = [3, 32_128];
    const logits = drawValues(7, tokens * vocabulary, 'f32', 9);
    const own = {
      tokens,
      vocabulary,
      logits,
      targets: Int32Array.of(32_127, -1, 5),
      options: { labelSmoothing: 0.1, zLoss: 1e-4 },
      dtype: 'bf16',
    } as const;
    const expected = expectedOf(own);
    for (const table of tables) expect(outcomeOf(table, own), table.path).toEqual(expected);
  });

  it('may write gradients over the logits', () => {
    const own = {
      tokens: 2,
      vocabulary: 13,
      logits: drawValues(8, 26, 'f32', 4),
      targets: Int32Array.of(3, 12),
      options: { labelSmoothing: 0.1 },
      dtype: 'f32',
    } as const;
    for (const table of tables) {
      const workspace = openWorkspace();
      const logits = workspace.tensor([2, 13], 'f32', own.logits);
      const rows = [logits, workspace.int32(own.targets), own.options, workspace.tensor([2, 4], 'f32', 0)] as const;
      table.crossEntropy(...rows);
      table.crossEntropyBackward(...rows, { counted: 2, dLoss: D_LOSS }, logits);
      expect(valuesOf(logits), table.path).toEqual(expectedOf(own).dLogits);
    }
  });

  it('refuses targets outside of the vocabulary, and tensors that do not fit', () => {
    const workspace = openWorkspace();
    const [logits, statistics] = [workspace.tensor([2, 3], 'f32', 0), workspace.tensor([2, 4], 'f32', 0)];
    const targets = workspace.int32([0, 3]);
    for (const table of tables) {
      expect(() => table.crossEntropy(logits, targets, {}, statistics)).toThrow('targets[1] must be below 3, or -1 for padding, is 3');
      expect(() => table.crossEntropy(logits, targets, {}, logits)).toThrow('crossEntropy: statistics 2 x 3 of 2 tokens');
    }
  });
});
