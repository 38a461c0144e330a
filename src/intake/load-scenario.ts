import { InputError } from '../base/index.ts';
import type { Chip } from '../hardware/index.ts';
import { type Scenario, type ScenarioWarning, scenarioWarnings } from '../scenario/index.ts';
import { checkDocument } from './check-document.ts';
import { scenarioJsonSchema } from './json-schema.ts';
import { placeIssues } from './located-issue.ts';
import { readTextOrThrow, SIZE_LIMITS } from './read-text.ts';
import type { Overrides } from './resolve-scenario.ts';
import { expandVariants, type LoadedVariant } from './variants.ts';
import { parseYaml } from './yaml-source.ts';

/** A scenario that is free of mistakes, every default filled in. */
export interface LoadedScenario {
  readonly scenario: Scenario;
  readonly chip: Chip;
  /** Remarks about the base scenario, not about its variants; see `scenario/warning-codes.ts`. */
  readonly warnings: readonly ScenarioWarning[];
  /** Combinations of the values under `vary`, the first being the baseline; empty without `vary`. */
  readonly variants: readonly LoadedVariant[];
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
  const { resolved, issues } = checkDocument(source.value, file, overrides, schema);
  const expanded = expandVariants(source.value, resolved.scenario.vary, { file, overrides, schema, known: issues });
  const all = [...issues, ...expanded.issues];
  if (all.length > 0) throw new InputError(placeIssues(source, all));
  const { scenario, chip, stated } = resolved;
  return { scenario, chip, warnings: scenarioWarnings(resolved, stated), variants: expanded.variants };
}
