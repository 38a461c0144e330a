import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Purpose } from '../../src/base/index.ts';
import type { KernelTable, NoiseStream } from '../../src/kernels/index.ts';
import { bf16Elements, f32Elements, planArena } from '../../src/model/index.ts';
import { draws, fill, memory, tables } from './support.ts';

const [oracle, ...others] = tables;
const CANARY = 0x1234;

/** The bits of a row; those around it must stay as they are. */
function rowBits(table: KernelTable, stream: NoiseStream, deviation: number, columns: number, isCentred: boolean): Uint16Array {
  const arena = planArena(64);
  const centre = arena.allocate([columns], 'f32');
  const around = arena.allocate([8 + columns + 8], 'bf16');
  fill(centre, draws(columns));
  const bits = bf16Elements(memory.buffer, around).fill(CANARY);
  table.noiseRow(stream, deviation, isCentred ? centre : null, { ...around, offset: around.offset + 16, shape: [columns] });
  expect(f32Elements(memory.buffer, centre).length).toBe(columns);
  expect([...bits.subarray(0, 8), ...bits.subarray(8 + columns)].every((value) => value === CANARY)).toBe(true);
  return bits.slice(8, 8 + columns);
}

describe('noise', () => {
  it('has the same bits on every path, for any stream and length', () => {
    const columns = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.constantFrom(64, 128, 768));
    const stream = fc.record({
      seed: fc.nat({ max: 0xffffffff }),
      purpose: fc.constantFrom(Purpose.tokenNoise, Purpose.expertWeights),
      layer: fc.nat({ max: 1000 }),
      token: fc.oneof(fc.nat(), fc.constantFrom(0, 2 ** 31, 2 ** 32 - 1, 2 ** 32 + 5, 2 ** 40)),
    });
    fc.assert(
      fc.property(stream, fc.double({ min: 0, max: 2, noNaN: true }), columns, fc.boolean(), (of, deviation, count, isCentred) => {
        const expected = rowBits(oracle, of, deviation, count, isCentred);
        for (const table of others) expect(rowBits(table, of, deviation, count, isCentred), table.path).toEqual(expected);
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  it('differs between streams, and takes its spread from the deviation', () => {
    const base: NoiseStream = { seed: 1, purpose: Purpose.tokenNoise, layer: 2, token: 3 };
    const rows = [base, { ...base, seed: 2 }, { ...base, layer: 3 }, { ...base, token: 4 }, { ...base, token: 3 + 2 ** 32 }];
    for (const table of tables) {
      const seen = new Set(rows.map((stream) => rowBits(table, stream, 1, 128, false).join()));
      expect(seen.size, table.path).toBe(rows.length);
      expect(new Set(rowBits(table, base, 0, 128, false).map((bits) => bits & 0x7fff)), table.path).toEqual(new Set([0]));
    }
  });
});
