import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AdafactorCall,
  adafactor,
  adafactorBlocks,
  adafactorScratchElements,
  adamw,
  bf16Bits,
  bf16Value,
  F32,
  type KernelTable,
  type OptimizerStep,
  type ReferenceOptimizer,
  runAdafactor,
  sgd,
  type WeightShape,
} from '../../src/kernels/index.ts';
import type { TensorView } from '../../src/model/index.ts';
import { tables } from './support.ts';
import { drawValues, openWorkspace, SPECIAL, valuesOf } from './workspace.ts';

interface Case {
  readonly shape: WeightShape;
  readonly seed: number;
  readonly special: readonly number[];
  /** Of the gradients. */
  readonly scale: number;
  readonly copies: boolean;
}

const STEPS: readonly OptimizerStep[] = [
  { step: 1, learningRate: 0.0625 },
  { step: 2, learningRate: 0.3 },
  { step: 1000, learningRate: 1e-4 },
];

const cases = (rows: fc.Arbitrary<number>): fc.Arbitrary<Case> =>
  fc
    .record({
      rows,
      columns: fc.integer({ min: 1, max: 70 }),
      seed: fc.nat(1e6),
      special: fc.constantFrom<readonly number[]>([], [], [0, -0, 1e-30, -1e-45, 1e-22, 3e18], SPECIAL),
      scale: fc.constantFrom(1, 1e-12, 1e12),
      copies: fc.boolean(),
    })
    .map(({ rows, columns, ...rest }) => ({ shape: { rows, columns }, ...rest }));

type Updated = Readonly<Record<string, Float32Array>>;

/** Weights, state and copy after some steps of the reference. */
function expectedOf(optimizer: ReferenceOptimizer, { shape, seed, special, scale }: Case): Updated {
  const elements = shape.rows * shape.columns;
  const weights = drawValues(seed, elements, 'f32', 1, special);
  const state = optimizer.initialise(F32, shape) as Updated;
  STEPS.forEach((at, i) => {
    const gradient = drawValues(seed + 1 + i, elements, 'f32', scale, special);
    optimizer.update(F32, shape, at, { weights, gradient, state });
  });
  return { weights, ...state };
}

/** The same on a table: `update` runs one step on weights, gradient, copy and the tensors of the state. */
function runOn(
  table: KernelTable,
  expected: Updated,
  { shape, seed, special, scale, copies }: Case,
  update: (views: Readonly<Record<string, TensorView>>, copy: TensorView | null, at: OptimizerStep, scratch: TensorView) => void,
): void {
  const place = openWorkspace();
  const { rows, columns } = shape;
  const elements = rows * columns;
  const views = Object.fromEntries(
    Object.entries(expected).map(([name, { length }]) => [
      name,
      place.tensor(
        length === elements && name !== 'rowMeans' && name !== 'columnMeans' ? [rows, columns] : [length],
        'f32',
        name === 'weights' ? drawValues(seed, elements, 'f32', 1, special) : 0,
      ),
    ]),
  );
  const copy = copies ? place.tensor([rows, columns], 'bf16', 7) : null;
  // Old contents must not matter.
  const scratch = place.tensor([adafactorScratchElements(shape)], 'f32', Number.NaN);
  STEPS.forEach((at, i) => {
    const gradient = place.tensor([rows, columns], 'f32', drawValues(seed + 1 + i, elements, 'f32', scale, special));
    update({ ...views, gradient }, copy, at, scratch);
  });
  for (const [name, values] of Object.entries(expected))
    expect(valuesOf(views[name]), `${table.path}: ${name}`).toEqual(Array.from(values));
  if (copy !== null) {
    const rounded = Array.from(expected.weights, (value) => bf16Value(bf16Bits(value)));
    expect(valuesOf(copy), `${table.path}: copy`).toEqual(rounded);
  }
  place.expectUntouched(table);
}

describe('updates of weights have the bits of the reference on every path', () => {
  it.each([{}, { epsilon: 0, weightDecay: 0 }, { beta1: 0, beta2: 0.5, weightDecay: 3 }])('adamw %o', (settings) => {
    fc.assert(
      fc.property(cases(fc.integer({ min: 1, max: 3 })), (drawn) => {
        const expected = expectedOf(adamw(settings), drawn);
        for (const table of tables)
          runOn(table, expected, drawn, ({ weights, gradient, firstMoment, secondMoment }, copy, at) =>
            table.adamw({ weights, gradient, firstMoment, secondMoment, copy }, settings, at),
          );
      }),
      { numRuns: 40, seed: 21 },
    );
  });

  it.each([{}, { momentum: 0.9 }])('sgd %o', (settings) => {
    fc.assert(
      fc.property(cases(fc.integer({ min: 1, max: 3 })), (drawn) => {
        const expected = expectedOf(sgd(settings), drawn);
        for (const table of tables)
          runOn(table, expected, drawn, ({ weights, gradient, velocity = null }, copy, at) =>
            table.sgd({ weights, gradient, velocity, copy }, settings, at),
          );
      }),
      { numRuns: 40, seed: 22 },
    );
  });

  it.each([{}, { scalesByParameter: false, clippingThreshold: 0.1, epsilon1: 0 }])('adafactor %o, its blocks in any order', (settings) => {
    let clipped = 0;
    let blocks = 0;
    fc.assert(
      fc.property(cases(fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constantFrom(63, 64, 65, 150))), fc.boolean(), (drawn, reversed) => {
        const expected = expectedOf(adafactor(settings), drawn);
        for (const table of tables)
          runOn(table, expected, drawn, ({ weights, gradient, rowMeans = null, columnMeans, secondMoment }, copy, at, scratch) => {
            const call = { weights, gradient, copy, rowMeans, columnMeans: columnMeans ?? secondMoment, scratch, settings, at };
            if (reversed) runBackwards(table, call, drawn.shape);
            else runAdafactor(table, call);
            clipped += Number(valuesOf(scratch).at(-2) !== 1);
          });
        blocks = Math.max(blocks, adafactorBlocks(drawn.shape));
      }),
      { numRuns: 50, seed: 23 },
    );
    expect(blocks).toBe(3);
    expect(clipped).toBeGreaterThan(30);
  });
});

/** The blocks of each pass from the last to the first. */
function runBackwards(table: KernelTable, call: AdafactorCall, shape: WeightShape): void {
  const all = (pass: 'adafactorSums' | 'adafactorDirection' | 'adafactorUpdate'): void => {
    for (let block = adafactorBlocks(shape); block-- > 0; ) table[pass](call, block);
  };
  all('adafactorSums');
  table.adafactorMeans(call);
  all('adafactorDirection');
  table.adafactorRate(call);
  all('adafactorUpdate');
}

describe('updates that do not fit', () => {
  const at = { step: 1, learningRate: 1 };

  it.each(tables.map((table) => [table.path, table] as const))('are refused on %s', (_, table) => {
    const place = openWorkspace();
    const f32 = (...shape: number[]): TensorView => place.tensor(shape, 'f32', 1);
    const of = { weights: f32(2, 3), gradient: f32(2, 3), copy: null };
    const moments = { firstMoment: f32(6), secondMoment: f32(6) };
    const small = place.tensor([5], 'bf16', 0);
    const refuse = (run: () => void) => expect(run);
    refuse(() => table.adamw({ ...of, ...moments, secondMoment: f32(5) }, {}, at)).toThrow('adamw: secondMoment of 5 f32 elements for 6');
    refuse(() => table.adamw({ ...of, ...moments, gradient: place.tensor([6], 'bf16', 0) }, {}, at)).toThrow(
      'adamw: gradient of 6 bf16 elements for 6',
    );
    refuse(() => table.adamw({ ...of, ...moments, copy: small }, {}, at)).toThrow('adamw: copy of 5 bf16 elements for 6');
    refuse(() => table.adamw({ ...of, ...moments }, {}, { ...at, step: 0 })).toThrow(
      'adamw: step must be a whole number of at least 1, is 0',
    );
    refuse(() => table.adamw({ ...of, ...moments }, { beta1: 1 }, at)).toThrow('adamw: beta1 must be at least 0 and below 1, is 1');
    refuse(() => table.sgd({ ...of, velocity: null }, { momentum: 0.5 }, at)).toThrow('sgd: momentum 0.5 without a velocity');
    refuse(() => table.sgd({ ...of, velocity: f32(6) }, {}, at)).toThrow('sgd: momentum 0 with a velocity');
    const call = { ...of, rowMeans: f32(2), columnMeans: f32(3), scratch: f32(20), settings: {}, at };
    expect(adafactorScratchElements({ rows: 2, columns: 3 })).toBeLessThanOrEqual(20);
    const refuseCall = (changes: Partial<AdafactorCall>, block = 0) => expect(() => table.adafactorSums({ ...call, ...changes }, block));
    refuseCall({}).not.toThrow();
    refuseCall({ rowMeans: null }).toThrow('adafactor: 2 rows without row means');
    refuseCall({ columnMeans: f32(2) }).toThrow('adafactor: columnMeans of 2 f32 elements for 3');
    refuseCall({ scratch: f32(4) }).toThrow('adafactor: scratch of 4 f32 elements, needs');
    refuseCall({}, 1).toThrow('adafactor: block 1 of 1');
    place.expectUntouched(table);
  });
});
