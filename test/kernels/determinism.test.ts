import { describe, expect, it } from 'vitest';
import { addNumber, addNumbers, emptyFingerprint, exp, fingerprintText, gelu, log, tanh } from '../../src/base/index.ts';
import { f32Elements, planArena } from '../../src/model/index.ts';
import { draws, fill, memory, productBits, tables } from './support.ts';

/**
 * The bits that every engine, thread and path must give. A change here changes the fingerprint of every result that runs kernels, so it needs a
 * reason in the change log.
 */
describe('fingerprints', () => {
  it('of the elementary functions', () => {
    const print = emptyFingerprint();
    const next = draws(1);
    for (let i = 0; i < 20_000; i++) {
      const x = next() * 30;
      for (const value of [exp(x), log(x * x + 1e-9), tanh(x / 10), gelu(x / 4)]) addNumber(print, value);
    }
    expect(fingerprintText(print)).toBe('37f6fb0de16eeaaa');
  });

  it('of the matrix product', () => {
    for (const table of tables) {
      const prints = (['f32', 'bf16'] as const).map((dtype) => {
        const print = emptyFingerprint();
        addNumbers(print, productBits(table, { m: 47, k: 205, n: 51, left: dtype, right: dtype, next: draws(2) }));
        return fingerprintText(print);
      });
      expect(prints, table.path).toEqual(['d739399c72a62a19', '6a12fff168bbd044']);
    }
  });

  it('of the softmax', () => {
    const arena = planArena(64);
    const logits = arena.allocate([50, 64], 'f32');
    const probabilities = arena.allocate([50, 64], 'f32');
    const statistics = arena.allocate([2, 50], 'f32');
    const next = draws(3);
    fill(logits, () => next() * 20);
    for (const table of tables) {
      table.softmax(logits, 0, probabilities, statistics);
      const print = emptyFingerprint();
      for (const view of [probabilities, statistics]) addNumbers(print, f32Elements(memory.buffer, view));
      expect(fingerprintText(print), table.path).toBe('3e63151954019d5b');
    }
  });
});
