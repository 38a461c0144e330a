import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KernelTable, rmsNorm, rmsNormBackward } from '../../src/kernels/index.ts';
import type { Dtype } from '../../src/model/index.ts';
import { tables } from './support.ts';
import { drawValues, NUMERICS, openWorkspace, SPECIAL, valuesOf } from './workspace.ts';

interface Case {
  readonly rows: number;
  readonly dModel: number;
  readonly dtype: Dtype;
  readonly gainDtype: Dtype;
  readonly inputs: Readonly<Record<'x' | 'gain' | 'dy' | 'dx' | 'dGain', Float32Array>>;
}

function drawCase(rows: number, dModel: number, dtype: Dtype, gainDtype: Dtype, seed: number, special: readonly number[]): Case {
  const draw = (at: number, count: number, type: Dtype, scale = 1): Float32Array => drawValues(seed + at, count, type, scale, special, 40);
  const inputs = {
    x: draw(0, rows * dModel, dtype, 3),
    gain: draw(1, dModel, gainDtype),
    dy: draw(2, rows * dModel, dtype),
    dx: draw(3, rows * dModel, dtype),
    dGain: draw(4, dModel, 'f32'),
  };
  return { rows, dModel, dtype, gainDtype, inputs };
}

/** y, inverseRms, dx, dGain of the reference. */
function expectedOf({ rows, dModel, dtype, inputs: { x, gain, dy, dx, dGain } }: Case): number[][] {
  const numerics = NUMERICS[dtype];
  const [y, inverseRms] = [new Float32Array(rows * dModel), new Float32Array(rows)];
  rmsNorm(numerics, { rows, dModel }, { x, gain }, { y, inverseRms });
  const gradients = { dx: dx.slice(), dGain: dGain.slice() };
  rmsNormBackward(numerics, { rows, dModel }, { x, gain }, inverseRms, dy, gradients);
  return [y, inverseRms, gradients.dx, gradients.dGain].map((values) => Array.from(values));
}

/** The same of a table; dGain in two blocks of columns, the second one first. */
function outcomeOf(table: KernelTable, { rows, dModel, dtype, gainDtype, inputs }: Case): number[][] {
  const workspace = openWorkspace();
  const x = workspace.tensor([rows, dModel], dtype, inputs.x);
  const gain = workspace.tensor([dModel], gainDtype, inputs.gain);
  const dy = workspace.tensor([rows, dModel], dtype, inputs.dy);
  const dx = workspace.tensor([rows, dModel], dtype, inputs.dx);
  const dGain = workspace.tensor([dModel], 'f32', inputs.dGain);
  const y = workspace.tensor([rows, dModel], dtype, Number.NaN);
  const inverseRms = workspace.tensor([rows], 'f32', Number.NaN);
  table.rmsNorm(x, gain, y, inverseRms);
  table.rmsNormBackward(x, gain, inverseRms, dy, dx);
  const cut = Math.floor(dModel / 3);
  table.rmsNormBackwardGain(x, inverseRms, dy, dGain, { from: cut, to: dModel });
  table.rmsNormBackwardGain(x, inverseRms, dy, dGain, { from: 0, to: cut });
  workspace.expectUntouched(table);
  return [y, inverseRms, dx, dGain].map(valuesOf);
}

describe('RMS norm of the tables', () => {
  const dtype = fc.constantFrom<Dtype>('f32', 'bf16');

  it('has the bits of the reference on every path, forward and backward, for any width', () => {
    const sizes = { rows: fc.integer({ min: 0, max: 5 }), dModel: fc.integer({ min: 1, max: 70 }), dtype, gainDtype: dtype };
    fc.assert(
      fc.property(fc.record(sizes), fc.integer(), fc.constantFrom([], SPECIAL), (size, seed, special) => {
        const own = drawCase(size.rows, size.dModel, size.dtype, size.gainDtype, seed, special);
        const expected = expectedOf(own);
        for (const table of tables) expect(outcomeOf(table, own), table.path).toEqual(expected);
      }),
      { numRuns: 300, seed: 31 },
    );
  });

  it('has the bits of the reference for rows of a model', () => {
    for (const type of ['f32', 'bf16'] as const) {
      const own = drawCase(9, 768, type, 'f32', 5, []);
      const expected = expectedOf(own);
      for (const table of tables) expect(outcomeOf(table, own), table.path).toEqual(expected);
    }
  });

  it('may write over what it reads', () => {
    for (const table of tables) {
      const workspace = openWorkspace();
      const own = drawCase(3, 21, 'bf16', 'f32', 6, []);
      const x = workspace.tensor([3, 21], 'bf16', own.inputs.x);
      table.rmsNorm(x, workspace.tensor([21], 'f32', own.inputs.gain), x, workspace.tensor([3], 'f32', 0));
      expect(valuesOf(x), table.path).toEqual(expectedOf(own)[0]);
    }
  });

  it('refuses tensors that do not fit', () => {
    const workspace = openWorkspace();
    const [x, gain] = [workspace.tensor([2, 6], 'f32', 1), workspace.tensor([6], 'f32', 1)];
    const inverseRms = workspace.tensor([2], 'f32', 1);
    for (const table of tables) {
      expect(() => table.rmsNorm(x, gain, { ...x, dtype: 'bf16' }, inverseRms)).toThrow('rmsNorm: bf16 2 x 6 beside f32 2 x 6');
      expect(() => table.rmsNorm(x, inverseRms, x, inverseRms)).toThrow('rmsNorm: 2 for 6 columns');
      expect(() => table.rmsNormBackwardGain(x, inverseRms, x, gain, { from: 3, to: 7 })).toThrow('columns 3 .. 7 of 6');
    }
  });
});
