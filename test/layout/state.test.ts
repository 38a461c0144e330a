import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  gradientGroupsOf,
  groupSize,
  type LayoutSpec,
  meshDevices,
  OPTIMIZER_NAMES,
  stateBytes,
  storedElements,
  storedShare,
  updatedElements,
  weightGroupOf,
} from '../../src/layout/index.ts';
import {
  allWeights,
  countParameters,
  dense,
  expertMatrices,
  MODEL_PRESETS,
  totalParameters,
  type WeightMatrix,
  weightCount,
} from '../../src/model/index.ts';
import { layoutOf } from '../program/hand-units.ts';

const spec = MODEL_PRESETS['switch-base'].spec;
const precision = { weights: 'f32', gradients: 'bf16' } as const;
const adamw = { optimizer: 'adamw', firstMoment: 'f32' } as const;

const power = fc.constantFrom(1, 2, 4);
const layouts: fc.Arbitrary<LayoutSpec> = fc
  .record({
    ici: fc.record({ data: power, fsdp: power, context: power, tensor: power, expert: power }),
    expertsOver: fc.constantFrom('data' as const, 'expert' as const, 'none' as const),
    zero: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const),
    slices: power,
  })
  .map(({ slices, ...rest }) => ({ ...layoutOf(rest), dcn: { ...layoutOf(rest).dcn, data: slices } }));

const matrices: fc.Arbitrary<WeightMatrix> = fc.constantFrom(
  dense(256, 512, 'columns'),
  dense(512, 256, 'rows'),
  expertMatrices(16, 256, 512, 'columns'),
);

describe('state', () => {
  it('lists every weight of the model once', () => {
    expect(weightCount(allWeights(spec))).toBe(totalParameters(countParameters(spec)));
  });

  it('spreads experts over the data axis and keeps the rest on every device', () => {
    const counts = countParameters(spec);
    const replicated = totalParameters(counts) - counts.experts;
    const state = stateBytes(allWeights(spec), layoutOf({ ici: { data: 32 }, expertsOver: 'data' }), adamw, precision);
    expect(state.weights).toBe(4 * (replicated + counts.experts / 32));
    expect(state.optimizer).toBe(2 * state.weights);
    expect(state.gradients).toBe(state.weights / 2);
  });

  it('of an optimizer is as its rule says: row and column means, one moment, two, one of them narrow', () => {
    const [matrix] = [dense(1000, 2000, 'columns')];
    const bytes = (optimizer: (typeof OPTIMIZER_NAMES)[number], firstMoment: 'f32' | 'bf16'): number =>
      stateBytes([matrix], layoutOf({ ici: {} }), { optimizer, firstMoment }, precision).optimizer;
    expect(OPTIMIZER_NAMES.map((name) => bytes(name, 'f32'))).toEqual([4 * 3000, 4 * 2e6, 8 * 2e6, 0]);
    expect(bytes('adamw', 'bf16')).toBe(6 * 2e6);
  });

  it('under ZeRO is cut by the data axis: optimizer from level 1, gradients from 2, weights from 3', () => {
    const at = (zero: LayoutSpec['zero']) => stateBytes([dense(64, 64, 'none')], layoutOf({ ici: { data: 8 }, zero }), adamw, precision);
    const whole = at(0);
    expect([1, 2, 3].map((zero) => whole.optimizer / at(zero as 1).optimizer)).toEqual([8, 8, 8]);
    // Gradients of 2 bytes; those of sharded weights wait in the 4 of the weights.
    expect([1, 2, 3].map((zero) => whole.gradients / at(zero as 1).gradients)).toEqual([1, 8, 4]);
    expect([1, 2, 3].map((zero) => whole.weights / at(zero as 1).weights)).toEqual([1, 1, 8]);
  });

  it('has gradients in the type in which they wait: of sharded weights that of the weights, where that is wider', () => {
    const of = (ici: Parameters<typeof layoutOf>[0]['ici'], gradients: 'f32' | 'bf16', weights: 'f32' | 'bf16' = 'f32') =>
      stateBytes([dense(64, 64, 'none'), expertMatrices(8, 64, 64, 'none')], layoutOf({ ici, expertsOver: 'expert' }), adamw, {
        weights,
        gradients,
      }).gradients;
    // 64 x 64 and eight times as many of experts.
    expect(of({ data: 8 }, 'bf16')).toBe(2 * 9 * 4096);
    expect(of({ fsdp: 8 }, 'bf16')).toBe((4 * 9 * 4096) / 8);
    expect(of({ fsdp: 8 }, 'bf16', 'bf16')).toBe((2 * 9 * 4096) / 8);
    expect(of({ fsdp: 8 }, 'f32')).toBe((4 * 9 * 4096) / 8);
    // The dense matrix is sharded over the experts' axis, an expert is on one device.
    expect(of({ expert: 8 }, 'bf16')).toBe((4 * 4096) / 8 + 2 * 4096);
  });

  it('is stored once for each replica: shares of all devices add up to the replicas', () => {
    fc.assert(
      fc.property(layouts, matrices, (layout, matrix) => {
        const { replicas } = gradientGroupsOf(matrix, layout);
        const copies = meshDevices(layout) * storedShare(matrix, layout);
        expect(copies).toBeCloseTo(groupSize(layout, replicas), 9);
        const updates = (meshDevices(layout) * updatedElements(matrix, layout)) / weightCount([matrix]);
        expect(updates).toBeCloseTo(layout.zero === 0 ? groupSize(layout, replicas) : 1, 9);
      }),
      { seed: 41 },
    );
  });

  it('knows all devices that met other tokens: they sum gradients, and no others', () => {
    fc.assert(
      fc.property(layouts, matrices, (layout, matrix) => {
        const { sharded, replicas } = gradientGroupsOf(matrix, layout);
        expect(sharded).toEqual(weightGroupOf(matrix, layout));
        const tokens = meshDevices(layout) / layout.ici.tensor;
        const experts = !matrix.expert || layout.expertsOver === 'none' ? 1 : layout.ici[layout.expertsOver];
        expect(groupSize(layout, sharded) * groupSize(layout, replicas) * experts).toBe(tokens);
      }),
      { seed: 42 },
    );
  });

  it('holds keys and values on several members of a tensor axis that is longer than their heads', () => {
    const layout = layoutOf({ ici: { tensor: 8 } });
    expect(storedElements(dense(64, 2 * 16, 'columns', 2), layout)).toBe((64 * 2 * 16) / 2);
    expect(storedElements(dense(64, 100, 'columns'), layout)).toBe(64 * 13);
  });
});
