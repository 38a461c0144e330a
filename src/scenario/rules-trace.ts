import type { Issue } from '../base/index.ts';
import { switchLayersOf } from '../model/index.ts';
import { routerOrNull } from '../routing/index.ts';
import type { ScenarioRule } from './rule.ts';
import type { Scenario, TraceRecords } from './scenario.ts';
import { stackTokens } from './stack-groups.ts';

/** More wrong records than this add nothing to the message. */
const MAX_REPORTED = 5;

/** Recorded choices name layers, tokens and experts that exist, and no token has more choices than the router takes. */
const recordsFitModel: ScenarioRule = {
  reads: ['load', 'model', 'workload', 'routing.router', 'routing.options'],
  check: ({ scenario }) => {
    const { load, model, routing } = scenario;
    const router = routerOrNull(routing);
    if (load.kind !== 'trace' || model.moe === null || router === null) return [];
    const outside = rowsOutside(load.records, scenario, model.moe.experts);
    if (outside.length > 0) return outside;
    const { topK } = router;
    const most = mostChoices(load.records);
    if (most <= topK) return [];
    return [
      {
        code: 'E_TRACE_RANGE',
        path: 'load.file',
        value: `${most} choices for one token of a layer`,
        rule: `${routing.router} takes ${topK} per token`,
        remedy: 'use a router with as many choices, or record the first ones only',
      },
    ];
  },
};

export const TRACE_RULES: readonly ScenarioRule[] = [recordsFitModel];

function rowsOutside({ layer, token, expert }: TraceRecords, scenario: Scenario, experts: number): Issue[] {
  const tokensOfLayer = switchLayersOf(scenario.model).map(({ stack }) => stackTokens(scenario, stack));
  const issues: Issue[] = [];
  for (let row = 0; row < layer.length && issues.length < MAX_REPORTED; row++) {
    const tokens = tokensOfLayer[layer[row]];
    const rule =
      tokens === undefined
        ? `layer must be below ${tokensOfLayer.length}, the Switch layers of ${scenario.model.name}`
        : token[row] >= tokens
          ? `token must be below ${tokens}, the tokens of that layer`
          : `expert must be below ${experts}`;
    if (tokens !== undefined && token[row] < tokens && expert[row] < experts) continue;
    issues.push({
      code: 'E_TRACE_RANGE',
      path: 'load.file',
      value: `record ${row + 1}: layer ${layer[row]}, token ${token[row]}, expert ${expert[row]}`,
      rule,
      remedy: 'record with the same model, or set model.experts and workload to those of the recording',
    });
  }
  return issues;
}

function mostChoices({ layer, token }: TraceRecords): number {
  const counts = new Map<string, number>();
  let most = 0;
  for (let row = 0; row < layer.length; row++) {
    const key = `${layer[row]} ${token[row]}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (count > most) most = count;
  }
  return most;
}
