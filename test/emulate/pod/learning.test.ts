import { describe, expect, it } from 'vitest';
import { allWeights, weightCount } from '../../../src/model/index.ts';
import { gradientsOf, slopeAlong } from './slopes.ts';
import { openPlainPod, openPod, type SmallPod, scenarioOf, wholeOf } from './support.ts';

const ALONE = '{ici: {data: 1}, expertsOver: none}';

describe('gradients of a pod', () => {
  /** Every token meets all experts, so that no choice changes; a large z-loss, so that much comes through the router. */
  const SMALL: SmallPod = { cores: 1, router: 'topk', routerOptions: { topK: 8 }, expertCapacity: 32, zCoefficient: 0.5 };
  const gradients = gradientsOf(SMALL);

  const PARAMETERS = [
    '0 table',
    '0 positions',
    '0 gain',
    '1 query',
    '1 key',
    '1 value',
    '1 output',
    '1 gain',
    '2 gate',
    '2 in',
    '2 out',
    '4 router',
    '4 in',
    '4 out',
  ];

  it.each(PARAMETERS)('are the slopes of its losses: %s', (parameter) => {
    const gradient = gradients.get(parameter) ?? new Float64Array();
    const { slope, expected } = slopeAlong(SMALL, parameter, gradient);
    expect(expected).toBeGreaterThan(1e-4);
    expect(Math.abs(slope / expected - 1)).toBeLessThan(0.01);
  });
});

describe('a pod', () => {
  const LAYOUT = '{ici: {data: 4, tensor: 2}, expertsOver: data}';

  it('holds every weight of its model', () => {
    const { scenario } = scenarioOf(ALONE, { cores: 1 });
    const { plan } = openPod(ALONE, { cores: 1 });
    expect(weightCount(plan.parameters.map(({ matrix }) => matrix))).toBe(weightCount(allWeights(scenario.model)));
  });

  it.each(['f32', 'bf16'] as const)('computes the same bits with kernels in their plainest form: %s', (dtype) => {
    const quick = openPod(LAYOUT, { dtype });
    quick.upTo(2);
    const plain = openPlainPod(LAYOUT, { dtype });
    for (const step of [0, 1, 2]) plain.run(step);
    expect(wholeOf(quick, 'stored')).toEqual(wholeOf(plain, 'stored'));
  });

  it.each([LAYOUT, '{ici: {fsdp: 2, tensor: 4}, expertsOver: none, tensorActivations: sharded}'])(
    '%s: computes the same bits whoever takes which item of a phase, and in whatever order',
    (layout) => {
      const LANES = 3;
      const one = openPod(layout);
      one.upTo(2);
      const several = openPod(layout, {}, LANES);
      for (const n of [0, 1, 2]) {
        const step = several.step(n);
        for (const [phase, items] of step.phaseItems.entries()) {
          for (let item = items - 1; item >= 0; item--) step.run(phase, item, (item * 7 + phase) % LANES);
        }
      }
      expect(wholeOf(several, 'stored')).toEqual(wholeOf(one, 'stored'));
    },
  );

  it('keeps a part of the tokens between sub-layers where the tensor axis cuts them, and all where it does not', () => {
    const rows = (layout: string): number[][] => {
      const { plan } = openPod(layout);
      return plan.microbatches[0].map(({ stream: [first] }) => [...first.shape]);
    };
    expect(rows('{ici: {data: 2, tensor: 4}, expertsOver: none, tensorActivations: sharded}')).toEqual(Array(8).fill([64, 32]));
    expect(rows('{ici: {data: 2, tensor: 4}, expertsOver: none, tensorActivations: whole}')).toEqual(Array(8).fill([256, 32]));
  });

  it('names every item', () => {
    const { step } = openPod(LAYOUT);
    const { phaseItems, name } = step(1);
    const names = new Set(phaseItems.flatMap((items, phase) => (items === 0 ? [] : [name(phase, 0), name(phase, items - 1)])));
    for (const wanted of ['all-reduce over tensor: sums on core 0', 'all-to-all to experts on core 7', 'update on core 3'])
      expect([...names].some((one) => one.startsWith(wanted.slice(0, -1)))).toBe(true);
    expect([...names].filter((one) => one.includes('undefined'))).toEqual([]);
  });

  it.each([
    ['{ici: {data: 8}, expertsOver: none}', { positions: 'rotary' }, 'a pod learns tables of positions, not rotary ones'],
    ['{ici: {data: 8}, expertsOver: none, zero: 1}', {}, 'a pod has no part of the optimizer that the data axis shards (zero: 1)'],
    ['{ici: {data: 4, context: 2}, expertsOver: none}', {}, 'a pod has no context axis'],
  ] as const)('refuses %s with %o, which it would not follow', (layout, small, message) => {
    expect(() => openPod(layout, small)).toThrow(message);
  });
});
