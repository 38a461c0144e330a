import type { Issue } from '../base/index.ts';
import { axisSize, BATCH_AXES, shardsOf } from '../layout/index.ts';
import { meshFits } from './axis-fits.ts';
import { nearFits, nearMultiples } from './nearby.ts';
import type { ScenarioRule } from './rule.ts';
import type { Scenario } from './scenario.ts';

/** Every device holds the same number of sequences in every microbatch. */
const sequencesDivide: ScenarioRule = {
  reads: ['topology', 'layout', 'workload.sequences'],
  check: (input) => {
    const { scenario } = input;
    const { layout, workload } = scenario;
    const parts = sequenceParts(scenario);
    if (workload.sequences % parts === 0 || !meshFits(input)) return [];
    const axes = BATCH_AXES.filter((axis) => axisSize(layout, axis) > 1).map((axis) => `${axis} ${axisSize(layout, axis)}`);
    const factors = [...axes, ...(layout.microbatches > 1 ? [`microbatches ${layout.microbatches}`] : [])];
    const whole = axes.length === 0 ? 'the number of microbatches' : `the size of the ${axes[0].split(' ')[0]} axis`;
    return [
      {
        code: 'E_BATCH_SHARD',
        path: 'workload.sequences',
        value: String(workload.sequences),
        rule: `must be a multiple of ${factors.length === 1 ? `${parts}, ${whole}` : `${factors.join(' x ')} = ${parts}`}`,
        remedy: `use ${nearMultiples(workload.sequences, parts)} sequences${otherMicrobatches(scenario)}`,
      },
    ];
  },
};

/** Every device of the context axis holds as many tokens of each sequence. */
const lengthsDivide: ScenarioRule = {
  reads: ['topology', 'layout', 'model', 'workload'],
  check: ({ scenario }) => {
    const { layout } = scenario;
    const { context } = shardsOf(layout);
    return lengthsCut(scenario)
      .filter(([, length]) => length % context !== 0)
      .map(
        ([key, length]): Issue => ({
          code: 'E_AXIS_DIVIDES',
          path: `workload.${key}`,
          value: String(length),
          rule: `must be a multiple of ${context}, the size of the context axis`,
          remedy: `use ${nearMultiples(length, context)} tokens, or another layout.ici.context`,
        }),
      );
  },
};

export const BATCH_RULES: readonly ScenarioRule[] = [sequencesDivide, lengthsDivide];

/** Whether sequences and their tokens are spread evenly; where they are not, a rule says so. */
export function tokensDivide(scenario: Scenario): boolean {
  const { context } = shardsOf(scenario.layout);
  return scenario.workload.sequences % sequenceParts(scenario) === 0 && lengthsCut(scenario).every(([, length]) => length % context === 0);
}

/** Numbers of microbatches that divide the sequences of a device, in words behind a remedy; empty where there is one, or none is near. */
function otherMicrobatches({ layout, workload }: Scenario): string {
  const { microbatches, pipeline } = layout;
  const ofShard = workload.sequences / shardsOf(layout).batch;
  const stages = pipeline.schedule === 'interleaved' ? axisSize(layout, 'pipeline') : 1;
  const fits = nearFits(microbatches, Math.min(ofShard, 2 * microbatches), (count) => count % stages === 0 && ofShard % count === 0);
  return microbatches === 1 || fits === '' ? '' : `, or ${fits} microbatches`;
}

function sequenceParts({ layout }: Scenario): number {
  return shardsOf(layout).batch * layout.microbatches;
}

/** Lengths that the context axis cuts: of what passes the stacks, and decoding the caches. */
function lengthsCut({ model, workload }: Scenario): (readonly [key: 'sequenceLength' | 'targetLength', length: number])[] {
  const hasTargets = model.family === 'encoder-decoder' && workload.kind !== 'decode';
  return [['sequenceLength', workload.sequenceLength], ...(hasTargets ? [['targetLength', workload.targetLength] as const] : [])];
}
