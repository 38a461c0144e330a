import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { topK } from '../../src/kernels/index.ts';
import { memory, tables } from './support.ts';
import { drawValues, openWorkspace, SPECIAL, valuesOf } from './workspace.ts';

const ORDERED = SPECIAL.filter((value) => !Number.isNaN(value));

describe('top-k of the tables', () => {
  it('chooses what the reference chooses on every path, with ties, both zeros and infinities', () => {
    const shape = { rows: fc.integer({ min: 0, max: 5 }), columns: fc.integer({ min: 1, max: 70 }), share: fc.nat(9), seed: fc.integer() };
    fc.assert(
      fc.property(
        fc.record(shape),
        fc.constantFrom([], ORDERED, [0, -0]),
        fc.constantFrom(1, 4),
        ({ rows, columns, share, seed }, special, every) => {
          const k = 1 + Math.floor((share / 10) ** 2 * (columns - 1));
          const x = drawValues(seed, rows * columns, 'f32', 1, special, every);
          const [values, indices] = [new Float32Array(rows * k), new Int32Array(rows * k)];
          topK({ rows, columns, k }, x, values, indices);
          for (const table of tables) {
            const workspace = openWorkspace();
            const chosen = workspace.tensor([rows, k], 'f32', 7);
            const at = workspace.int32(new Int32Array(rows * k).fill(-7));
            table.topK(workspace.tensor([rows, columns], 'f32', x), chosen, at);
            expect(valuesOf(chosen), table.path).toEqual(Array.from(values));
            expect(Array.from(new Int32Array(memory.buffer, at, rows * k)), table.path).toEqual(Array.from(indices));
            workspace.expectUntouched(table);
          }
        },
      ),
      { numRuns: 300, seed: 21 },
    );
  });

  it('refuses NaN by row and column, wherever it stands', () => {
    const [rows, columns] = [3, 11];
    for (const table of tables) {
      for (let column = 0; column < columns; column++) {
        const workspace = openWorkspace();
        const x = new Float32Array(rows * columns).fill(1);
        x[columns + column] = Number.NaN;
        const views = [workspace.tensor([rows, columns], 'f32', x), workspace.tensor([rows, 2], 'f32', 0)] as const;
        const choose = (): void => table.topK(...views, workspace.int32(new Int32Array(rows * 2)));
        expect(choose, table.path).toThrow(`topK: x at row 1, column ${column} must be a number, is NaN`);
      }
    }
  });

  it('refuses more choices than columns', () => {
    const workspace = openWorkspace();
    const [x, values] = [workspace.tensor([2, 3], 'f32', 0), workspace.tensor([2, 4], 'f32', 0)];
    for (const table of tables) expect(() => table.topK(x, values, 64)).toThrow('topK of 2 x 3 into 2 x 4');
  });
});
