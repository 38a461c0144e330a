import { NAMED_LOADS, type OptionValues } from '../routing/index.ts';
import { CLUSTERING_STRENGTHS, type LoadSpec, SCENARIO_DEFAULTS } from '../scenario/index.ts';
import type { LoadInput } from './load-schema.ts';
import type { LocatedIssue } from './located-issue.ts';
import { readTrace } from './read-trace.ts';

/** Fills in the defaults of a load; `traceFile` says where a recording that it names lies. */
export function resolveLoad(
  input: LoadInput | undefined,
  traceFile: (stated: string) => string,
): { readonly load: LoadSpec; readonly issues: readonly LocatedIssue[] } {
  if (input === undefined) {
    return { load: { kind: 'measured', clustering: CLUSTERING_STRENGTHS[SCENARIO_DEFAULTS.load.clustering] }, issues: [] };
  }
  switch (input.kind) {
    case 'measured': {
      const stated = input.clustering ?? SCENARIO_DEFAULTS.load.clustering;
      const clustering = typeof stated === 'number' ? stated : CLUSTERING_STRENGTHS[stated];
      return { load: { kind: 'measured', clustering }, issues: [] };
    }
    case 'uniform':
      return { load: { kind: 'uniform' }, issues: [] };
    case 'zipf':
      return { load: { kind: 'zipf', exponent: input.exponent ?? 1 }, issues: [] };
    case 'trace': {
      const { records, issues } = readTrace(traceFile(input.file), 'load.file');
      return {
        load: { kind: 'trace', file: input.file, records },
        issues: issues.map((issue) => ({ issue, at: ['load', 'file'], point: 'value' as const })),
      };
    }
    default: {
      const { kind, ...stated } = input;
      return { load: { kind, ...defaultsOf(kind), ...stated }, issues: [] };
    }
  }
}

function defaultsOf(kind: keyof typeof NAMED_LOADS): OptionValues {
  return Object.fromEntries(Object.entries(NAMED_LOADS[kind].options).map(([name, spec]) => [name, spec.default]));
}
