import type { Issue } from '../base/index.ts';
import { axisSize, shardsOf } from '../layout/index.ts';
import { layersOf } from '../model/index.ts';
import { nearAxisSizes, networkOf } from './axis-fits.ts';
import { nearFits, nearMultiples } from './nearby.ts';
import type { RuleInput, ScenarioRule } from './rule.ts';
import { learns } from './scenario.ts';

const READS = ['topology', 'layout', 'model', 'workload'] as const;

/** Stages are runs of equal layers, which an encoder with a decoder behind it has not. */
const pipelineSuitsModel: ScenarioRule = {
  reads: READS,
  check: (input) => {
    const { layout, model, workload } = input.scenario;
    const stages = axisSize(layout, 'pipeline');
    const at = { code: 'E_PIPELINE', path: `layout.${networkOf(input.scenario, 'pipeline')}.pipeline`, value: String(stages) };
    if (stages === 1) return [];
    if (model.family === 'encoder-decoder') {
      const rule = `${model.name} has an encoder and a decoder, whose layers cannot be cut into equal stages`;
      return [{ ...at, rule, remedy: 'use layout.ici.tensor or fsdp instead, or a model with one stack' }];
    }
    if (workload.teacher !== null && layersOf(workload.teacher).length % stages !== 0) {
      const rule = `the ${layersOf(workload.teacher).length} layers of the teacher must be a multiple of the stages`;
      const sizes = nearAxisSizes(input, 'pipeline');
      return [{ ...at, rule, remedy: `use ${sizes === '' ? 'other' : sizes} stages, or another workload.teacher` }];
    }
    return layersDivide(input, stages);
  },
};

/** Several chunks per stage belong to the interleaved schedule, whose microbatches come in rounds of the stages (arXiv 2104.04473, section 2.2). */
const repeatsSuitSchedule: ScenarioRule = {
  reads: READS,
  check: ({ scenario: { layout, workload } }) => {
    const stages = axisSize(layout, 'pipeline');
    const { schedule, repeats } = layout.pipeline;
    const at = { code: 'E_PIPELINE', path: 'layout.pipeline.repeats', value: String(repeats) };
    if (repeats > 1 && schedule !== 'interleaved') {
      return [
        {
          ...at,
          rule: `schedule ${schedule} has one chunk of layers per stage`,
          remedy: 'use 1, or layout.pipeline.schedule: interleaved',
        },
      ];
    }
    if (repeats > 1 && stages === 1) return [{ ...at, rule: 'there are no stages', remedy: 'use 1, or set layout.ici.pipeline' }];
    if (schedule !== 'interleaved' || stages === 1 || layout.microbatches % stages === 0) return [];
    const perShard = workload.sequences / shardsOf(layout).batch;
    const rounds = nearFits(layout.microbatches, perShard, (count) => count % stages === 0 && perShard % count === 0);
    return [
      {
        code: 'E_AXIS_DIVIDES',
        path: 'layout.microbatches',
        value: String(layout.microbatches),
        rule: `must be a multiple of ${stages}, the pipeline stages, under the interleaved schedule`,
        remedy: `use ${rounds === '' ? nearMultiples(layout.microbatches, stages) : rounds}, or schedule 1f1b`,
      },
    ];
  },
};

/** Layers that are checkpointed together are on one stage. */
const blocksSuitStages: ScenarioRule = {
  reads: READS,
  check: ({ scenario: { model, layout, workload } }) => {
    const runs = axisSize(layout, 'pipeline') * layout.pipeline.repeats;
    const inBlock = workload.remat.layers ?? 1;
    const layers = layersOf(model).length / runs;
    if (runs === 1 || !learns(workload) || layers % inBlock === 0 || !Number.isInteger(layers)) return [];
    return [
      {
        code: 'E_AXIS_DIVIDES',
        path: 'workload.remat.layers',
        value: String(inBlock),
        rule: `the ${layers} layers of each chunk of the pipeline do not divide into blocks of ${inBlock}`,
        remedy: `use ${nearFits(inBlock, layers, (count) => layers % count === 0)}`,
      },
    ];
  },
};

export const PIPELINE_RULES: readonly ScenarioRule[] = [pipelineSuitsModel, repeatsSuitSchedule, blocksSuitStages];

function layersDivide(input: RuleInput, stages: number): Issue[] {
  const { model, layout } = input.scenario;
  const layers = layersOf(model).length;
  const { repeats } = layout.pipeline;
  if (layers % (stages * repeats) === 0) return [];
  const code = 'E_AXIS_DIVIDES';
  if (layers % stages === 0) {
    const rule = `the ${layers / stages} layers of each of ${stages} stages do not divide into ${repeats} chunks`;
    const remedy = `use ${nearFits(repeats, layers / stages, (count) => (layers / stages) % count === 0)} chunks`;
    return [{ code, path: 'layout.pipeline.repeats', value: String(repeats), rule, remedy }];
  }
  const chunks = repeats === 1 ? '' : ` x ${repeats} chunks`;
  const sizes = nearAxisSizes(input, 'pipeline');
  const remedy = sizes === '1' || sizes === '' ? 'use 1, which is no pipeline, or another axis' : `use ${sizes} stages`;
  return [
    {
      code,
      path: `layout.${networkOf(input.scenario, 'pipeline')}.pipeline`,
      value: String(stages),
      rule: `the ${layers} layers of ${model.name} do not divide into ${stages} stages${chunks}`,
      remedy,
    },
  ];
}
