import { stringify } from 'yaml';
import type { Scenario } from '../scenario/index.ts';
import { printableLines } from './printable.ts';

/** The scenario with every default filled in, for people (YAML) or machines (JSON); recorded choices are counted, not repeated. */
export function scenarioText(scenario: Scenario, json: boolean): string {
  const { load } = scenario;
  const shown =
    load.kind === 'trace' ? { ...scenario, load: { kind: load.kind, file: load.file, choices: load.records.layer.length } } : scenario;
  return json ? `${JSON.stringify(shown, null, 2)}\n` : printableLines(stringify(shown, { lineWidth: 0 }));
}
