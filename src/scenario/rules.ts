import type { Issue } from '../base/index.ts';
import { checkShape, checkWires } from '../hardware/index.ts';
import type { RuleInput, ScenarioRule } from './rule.ts';
import { BATCH_RULES } from './rules-batch.ts';
import { LOAD_RULES } from './rules-load.ts';
import { MESH_RULES } from './rules-mesh.ts';
import { MODEL_RULES } from './rules-model.ts';
import { PIPELINE_RULES } from './rules-pipeline.ts';
import { ROUTING_RULES } from './rules-routing.ts';
import { SHARD_RULES } from './rules-shards.ts';
import { TOPOLOGY_RULES } from './rules-topology.ts';
import { TRACE_RULES } from './rules-trace.ts';
import { WORKLOAD_RULES } from './rules-workload.ts';

export const SCENARIO_RULES: readonly ScenarioRule[] = [
  ...TOPOLOGY_RULES,
  ...MESH_RULES,
  ...SHARD_RULES,
  ...BATCH_RULES,
  ...PIPELINE_RULES,
  ...WORKLOAD_RULES,
  ...MODEL_RULES,
  ...ROUTING_RULES,
  ...LOAD_RULES,
  ...TRACE_RULES,
];

/**
 * All rules across fields. `wrong` names dotted paths that are known to be wrong already (their values stand in for something unreadable):
 * rules that look at one of them are skipped, because what they would say rests on the stand-in.
 */
export function checkScenario(input: RuleInput, wrong: readonly string[] = []): Issue[] {
  // How batch and model are cut over a slice that cannot be says nothing, and the sizes near it may be a search over ten thousand million devices.
  const sliceExists = canExist(input);
  return SCENARIO_RULES.filter((rule) => {
    const known = sliceExists || TOPOLOGY_RULES.includes(rule) ? wrong : [...wrong, 'topology'];
    return !rule.reads.some((path) => known.some((bad) => overlaps(path, bad)));
  }).flatMap((rule) => rule.check(input));
}

/** Whether pods have room for the slice, and this model for as many of them. */
function canExist({ scenario: { topology }, chip }: RuleInput): boolean {
  return checkShape(chip, topology.shape).length === 0 && checkWires(topology).every(({ code }) => code !== 'E_SLICES');
}

function overlaps(a: string, b: string): boolean {
  return b === '' || a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`) || b.startsWith(`${a}[`);
}
