import { type Chip, sliceTopology } from '../../src/hardware/index.ts';
import { loadScenario } from '../../src/intake/index.ts';
import { lowerStep, type Program } from '../../src/program/index.ts';
import type { Load, Scenario } from '../../src/scenario/index.ts';

/** Changes of a shipped scenario, section by section. */
export type Changes = { readonly [Key in keyof Scenario]?: Partial<Scenario[Key]> };

/** A shipped scenario with changed keys, its chip, and its lowered step. */
export function lowered(
  name: string,
  changes: Changes = {},
  load: Load | null = null,
): { scenario: Scenario; chip: Chip; program: Program } {
  const { scenario: base, chip } = loadScenario(`scenarios/${name}.yaml`);
  const sections = Object.entries(changes).map(([key, change]) => [
    key,
    { ...(base[key as keyof Scenario] as object), ...(change as object) },
  ]);
  const scenario: Scenario = { ...base, ...Object.fromEntries(sections) };
  return { scenario, chip, program: lowerStep(scenario, chip, sliceTopology(chip, scenario.topology), load) };
}
