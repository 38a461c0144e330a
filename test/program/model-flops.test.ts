import { describe, expect, it } from 'vitest';
import { switchLayersOf } from '../../src/model/index.ts';
import { DISPATCH_NAMES } from '../../src/routing/index.ts';
import type { Load } from '../../src/scenario/index.ts';
import { balanced, loadOf } from './loads.ts';
import { type Changes, lowered } from './scenarios.ts';

const TOP_2 = { router: 'topk', options: { topK: 2, normalise: 'none', priority: 'choice-major', secondChoice: 'next' } } as const;

function top2(dispatch: (typeof DISPATCH_NAMES)[number], changes: Changes = {}): Changes {
  return { ...changes, routing: { ...TOP_2, dispatch, ...changes.routing } };
}

/** The load of `changes` with this part of its choices made, in all Switch layers or in those that `isRouted` takes. */
function loadWith(changes: Changes, share: number, isRouted?: (ordinal: number) => boolean): Load {
  return loadOf(lowered('tiny', changes).scenario, (_, experts) => share / experts, isRouted);
}

/** FLOPs of the model with so many experts per token, counted by hand: tiny's two Switch layers, 2,048 and 512 tokens. */
function expertFlops(changes: Changes, load: Load | null): number {
  const { scenario, program } = lowered('tiny', changes, load);
  const { dModel, ffnMatrices, moe } = scenario.model;
  const none = lowered('tiny', changes, loadWith(changes, 0)).program.modelFlops;
  expect(switchLayersOf(scenario.model)).toHaveLength(2);
  return (program.modelFlops - none) / (3 * 2 * dModel * ffnMatrices * (moe?.dExpert ?? 0) * (2048 + 512));
}

describe('experts of a token in the FLOPs of the model', () => {
  it.each(DISPATCH_NAMES)('are the choices that were made, under %s dispatch', (dispatch) => {
    const changes = top2(dispatch, { routing: { capacityFactor: 4 } });
    for (const made of [0.25, 0.5, 0.75, 1]) expect(expertFlops(changes, loadWith(changes, made))).toBeCloseTo(2 * made, 9);
    expect(expertFlops(changes, null)).toBeCloseTo(2, 9);
  });

  it('are no more than there are slots', () => {
    const changes = top2('einsum', { routing: { capacityFactor: 1 } });
    const { scenario } = lowered('tiny', changes);
    expect(scenario.routing.capacityRule).toBe('mesh-tf');
    expect(expertFlops(changes, loadOf(scenario, balanced))).toBeCloseTo(1, 9);
    expect(expertFlops(changes, loadWith(changes, 0.25))).toBeCloseTo(0.5, 9);
  });

  it.each(DISPATCH_NAMES)(
    'of a stack that was not routed are those of the load that the program takes for it, under %s dispatch',
    (dispatch) => {
      const changes = top2(dispatch, { workload: { embedding: 'gather' }, routing: { capacityFactor: 4 } });
      const half = loadWith(changes, 0.5, (ordinal) => ordinal === 0);
      expect(half.layers.map(({ stack }) => stack)).toEqual(['encoder']);
      expect(expertFlops(changes, half)).toBeCloseTo(1, 9);
      const { modelFlops, executedFlops } = lowered('tiny', changes, half).program;
      if (dispatch === 'dropless') expect(executedFlops / modelFlops).toBeCloseTo(1, 12);
      else expect(executedFlops).toBeGreaterThan(modelFlops);
    },
  );
});
