import { describe, expect, it } from 'vitest';
import { axisGroups, type LayoutSpec, MESH_AXES, meshDevices, shardsOf, stateBytes } from '../../src/layout/index.ts';
import { allWeights, countParameters, MODEL_PRESETS, totalParameters, weightCount } from '../../src/model/index.ts';

function layout(ici: Partial<LayoutSpec['ici']>, expertsOver: LayoutSpec['expertsOver'] = 'data'): LayoutSpec {
  return { ici: { data: 1, fsdp: 1, tensor: 1, expert: 1, pipeline: 1, context: 1, ...ici }, expertsOver, overlapGradients: false };
}

describe('mesh', () => {
  it('groups devices that differ in one coordinate only, the last axis fastest', () => {
    const mesh = layout({ data: 2, tensor: 3 });
    expect(meshDevices(mesh)).toBe(6);
    expect(axisGroups(mesh, 'data').map((group) => Array.from(group))).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
    expect(axisGroups(mesh, 'tensor').map((group) => Array.from(group))).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
  });

  it.each(MESH_AXES)('puts every device into exactly one group of axis %s', (axis) => {
    const mesh = layout({ data: 2, fsdp: 2, tensor: 3, expert: 2 });
    const members = axisGroups(mesh, axis).flatMap((group) => Array.from(group));
    expect(members.sort((a, b) => a - b)).toEqual(Array.from({ length: 24 }, (_, device) => device));
  });
});

describe('state', () => {
  const spec = MODEL_PRESETS['switch-base'].spec;
  const precision = { weights: 'f32', matmul: 'bf16' } as const;

  it('lists every weight of the model once', () => {
    expect(weightCount(allWeights(spec))).toBe(totalParameters(countParameters(spec)));
  });

  it('spreads experts over the data axis and keeps the rest on every device', () => {
    const counts = countParameters(spec);
    const replicated = totalParameters(counts) - counts.experts;
    const state = stateBytes(allWeights(spec), layout({ data: 32 }), 'adamw', precision);
    expect(state.weights).toBe(4 * (replicated + counts.experts / 32));
    expect(state.optimizer).toBe(2 * state.weights);
    expect(state.gradients).toBe(state.weights / 2);
  });

  it('keeps row and column means only under Adafactor', () => {
    const whole = stateBytes(allWeights(spec), layout({ data: 32 }), 'adamw', precision).optimizer;
    const factored = stateBytes(allWeights(spec), layout({ data: 32 }), 'adafactor', precision).optimizer;
    expect(factored).toBeGreaterThan(0);
    expect(factored).toBeLessThan(whole / 500);
  });

  it('holds all experts on every device when they are over none', () => {
    expect(shardsOf(layout({ data: 32 }, 'none'))).toEqual({ batch: 32, experts: 1, expertAxis: null });
  });
});
