import { axisSize, cutsEvenly, groupSize, tensorCuts } from '../layout/index.ts';
import type { ModelSpec } from '../model/index.ts';
import { nearAxisSizes, networkOf } from './axis-fits.ts';
import { nearMultiples } from './nearby.ts';
import type { ScenarioRule } from './rule.ts';
import type { Scenario } from './scenario.ts';

/** Experts lie on an axis only where there are experts, and on one axis at a time. */
const expertsHaveOneAxis: ScenarioRule = {
  reads: ['topology', 'layout', 'model'],
  check: ({ scenario: { layout, model } }) => {
    const at = { code: 'E_EXPERTS_OVER', path: 'layout.expertsOver', value: layout.expertsOver };
    if (layout.expertsOver !== 'none' && model.moe === null) {
      const rule = `${model.name} has no experts to lay on an axis`;
      return [
        {
          ...at,
          rule,
          remedy: 'leave layout.expertsOver out, name a layout without experts (data, model, model-data), or choose a model with experts',
        },
      ];
    }
    if (layout.expertsOver === 'data' && axisSize(layout, 'expert') > 1) {
      const rule = `experts have an axis of their own, of ${axisSize(layout, 'expert')} members`;
      return [{ ...at, rule, remedy: 'use expert, or set layout.ici.expert to 1' }];
    }
    return [];
  },
};

/** Every device holds the same number of experts. */
const expertsDivide: ScenarioRule = {
  reads: ['topology', 'layout', 'model'],
  check: (input) => {
    const { scenario } = input;
    const { layout, model } = scenario;
    const axis = layout.expertsOver;
    if (model.moe === null || axis === 'none') return [];
    const shards = expertShards(scenario);
    if (model.moe.experts % shards === 0) return [];
    const sizes = nearAxisSizes(input, axis);
    return [
      {
        code: 'E_EXPERTS_SHARD',
        path: 'model.experts',
        value: String(model.moe.experts),
        rule: `must be a multiple of ${shards}, the size of the ${axis} axis that the experts lie on`,
        remedy: `use ${sizes === '' ? '' : `layout.${networkOf(scenario, axis)}.${axis} ${sizes}, or `}${nearMultiples(model.moe.experts, shards)} experts`,
      },
    ];
  },
};

/** Every member of the tensor axis holds as many heads and as much of every width. */
const tensorDivides: ScenarioRule = {
  reads: ['topology', 'layout', 'model', 'workload.teacher'],
  check: (input) => {
    const { layout, model, workload } = input.scenario;
    const members = axisSize(layout, 'tensor');
    const models: readonly (readonly [string, ModelSpec])[] = [
      ['', model],
      ...(workload.teacher === null ? [] : [['workload.teacher: ', workload.teacher] as const]),
    ];
    return models.flatMap(([whose, spec]) => {
      const cuts = tensorCuts(spec);
      const uneven = cuts.filter((cut) => !cutsEvenly(cut, members));
      if (uneven.length === 0) return [];
      const sizes = nearAxisSizes(input, 'tensor');
      return [
        {
          code: 'E_AXIS_DIVIDES',
          path: 'layout.ici.tensor',
          value: String(members),
          rule: `${whose}must divide ${uneven.map(({ key, size }) => `${key} ${size}`).join(', ')}`,
          remedy: sizes === '' ? 'use a smaller tensor axis' : `use a tensor axis of ${sizes}`,
        },
      ];
    });
  },
};

export const SHARD_RULES: readonly ScenarioRule[] = [expertsHaveOneAxis, expertsDivide, tensorDivides];

/** Parts that the experts of a layer are cut into; 1 where they are on all devices. */
function expertShards({ layout }: Scenario): number {
  if (layout.expertsOver === 'none') return 1;
  if (layout.expertsOver === 'data') return groupSize(layout, { ici: ['data'], dcn: [] });
  return axisSize(layout, 'expert');
}
