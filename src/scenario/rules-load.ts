import { shardsOf } from '../layout/index.ts';
import { NAMED_LOADS, routerOrNull } from '../routing/index.ts';
import type { ScenarioRule } from './rule.ts';
import type { LoadSpec, NamedLoadSpec } from './scenario.ts';

/** A named load can keep its promise: hot experts take no more than their choices per token, and what is hot or idle exists. */
const namedLoadFits: ScenarioRule = {
  reads: ['load', 'model', 'layout', 'topology', 'routing.router', 'routing.options'],
  check: ({ scenario: { load, model, layout, routing } }) => {
    const router = routerOrNull(routing);
    if (!isNamed(load) || model.moe === null || router === null || model.moe.experts < router.topK) return [];
    const sizes = { experts: model.moe.experts, topK: router.topK, devices: shardsOf(layout).experts };
    const misfit = NAMED_LOADS[load.kind].misfit(sizes, load);
    if (misfit === null) return [];
    const { option, rule, remedy } = misfit;
    return [{ code: 'E_LOAD_FIT', path: `load.${option}`, value: String(load[option]), rule: `${load.kind}: ${rule}`, remedy }];
  },
};

export const LOAD_RULES: readonly ScenarioRule[] = [namedLoadFits];

function isNamed(load: LoadSpec): load is NamedLoadSpec {
  return Object.hasOwn(NAMED_LOADS, load.kind);
}
