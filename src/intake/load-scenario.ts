import { InputError, type Issue } from '../base/index.ts';
import type { Chip } from '../hardware/index.ts';
import { exitCodeOf, type Scenario, type ScenarioWarning, scenarioWarnings } from '../scenario/index.ts';
import { type ShrunkDocument, withAxes } from './axes-option.ts';
import { checkDocument } from './check-document.ts';
import { scenarioJsonSchema } from './json-schema.ts';
import { asLayoutOption, withLayout } from './layout-option.ts';
import { asLoadOption } from './load-option.ts';
import { type LocatedIssue, placeIssues } from './located-issue.ts';
import { parsePath, valueAt, withValueAt } from './path.ts';
import { readTextOrThrow, SIZE_LIMITS } from './read-text.ts';
import type { Overrides } from './resolve-scenario.ts';
import { expandVariants, type InfeasibleCombination, type LoadedVariant } from './variants.ts';
import { parseYaml, type YamlSource } from './yaml-source.ts';

/** A scenario that is free of mistakes, every default filled in. */
export interface LoadedScenario {
  readonly scenario: Scenario;
  readonly chip: Chip;
  /** Remarks about the base scenario, not about its variants; see `scenario/warning-codes.ts`. */
  readonly warnings: readonly ScenarioWarning[];
  /** Combinations of the values under `vary`, the first being the baseline; empty without `vary`. */
  readonly variants: readonly LoadedVariant[];
  /** Those that cannot be made on their slice: an axis does not divide what it cuts. */
  readonly infeasible: readonly InfeasibleCombination[];
  /** The slice of the file, where axes that were given need another one. */
  readonly shrunkFrom: string | null;
}

/** Reads a scenario file, or throws an InputError with everything that is wrong with it. */
export function loadScenario(file: string, overrides: Overrides = {}): LoadedScenario {
  return parseScenario(file, readTextOrThrow(file, SIZE_LIMITS.scenario), overrides);
}

/** As `loadScenario`, from a text; `file` names it in messages and gives the folder that paths count from. */
export function parseScenario(file: string, text: string, overrides: Overrides = {}): LoadedScenario {
  const source = parseYaml(file, text);
  if (source.issues.length > 0) throw new InputError(source.issues);
  const schema = scenarioJsonSchema();
  const { document, shrunkFrom } = withOptions(source.value, overrides);
  const { resolved, issues } = checkDocument(document, file, overrides, schema);
  const expanded = expandVariants(document, resolved.scenario.vary, { file, overrides, schema, known: issues });
  const all = [...issues, ...expanded.issues];
  if (all.length > 0) {
    const issuesOfAll = placed(source, all, overrides);
    throw new InputError(issuesOfAll, exitCodeOf(issuesOfAll));
  }
  const { scenario, chip, stated } = resolved;
  return {
    scenario,
    chip,
    warnings: [...resolved.warnings, ...scenarioWarnings(resolved, stated)],
    variants: expanded.variants,
    infeasible: expanded.infeasible,
    shrunkFrom,
  };
}

/** What the command line says in the place of what the file says, which is not looked at then. */
function withOptions(document: unknown, { load, layout, axes, learning, values = {} }: Overrides): ShrunkDocument {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return { document, shrunkFrom: null };
  const loaded = load === undefined ? document : withValueAt(document, ['load'], load);
  const learns = valueAt(document, ['learning']) !== undefined;
  const taught = Object.entries(learns ? { ...learning } : {}).reduce(
    (kept, [key, value]) => withValueAt(kept, ['learning', key], value),
    loaded,
  );
  const changed = Object.entries(values).reduce((kept, [path, value]) => withValueAt(kept, parsePath(path), value), taught);
  if (axes !== undefined) return withAxes(changed, axes);
  return { document: layout === undefined ? changed : withLayout(changed, layout), shrunkFrom: null };
}

/** Issues with their places in the file, but for those of a load or of axes that the command line gave. */
function placed(source: YamlSource, issues: readonly LocatedIssue[], { load, layout, axes }: Overrides): Issue[] {
  const ofOption = ({ at, issue }: LocatedIssue): boolean => {
    if (issue.place !== undefined) return false;
    return (
      (load !== undefined && at[0] === 'load') ||
      ((layout ?? axes) !== undefined && at[0] === 'layout' && valueAt(source.value, at) === undefined)
    );
  };
  const inFile = issues.filter((issue) => !ofOption(issue));
  const inOptions = issues.filter(ofOption).map(({ issue, at }) => (at[0] === 'load' ? asLoadOption(issue) : asLayoutOption(issue)));
  return [...inOptions, ...placeIssues(source, inFile)];
}
