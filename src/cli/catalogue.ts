import type { Chip } from '../hardware/index.ts';
import { chipNames, findChip, findSlice, shippedTexts, sliceFileNames } from '../intake/index.ts';
import { OPTIMIZERS } from '../layout/index.ts';
import { formatBytes, METRIC_NAMES, METRICS } from '../result/index.ts';
import { CAPACITY_RULES, GROUP_RULES, ROUTERS, resolveOptions } from '../routing/index.ts';
import { ISSUE_CODES } from '../scenario/index.ts';
import { dispatchEntries } from './dispatch-entries.ts';
import { axisEntries, layoutEntries, rematEntries, scheduleEntries } from './layout-entries.ts';
import type { ListingKind } from './listing-kinds.ts';
import { loadEntries } from './load-entries.ts';
import { modelEntries } from './model-entries.ts';
import { optionText } from './option-text.ts';
import { sliceEntry } from './slice-entry.ts';
import { collectiveEntries, networkEntries, routingEntries } from './wire-entries.ts';
import { figureEntries, wireKeyEntries } from './wire-words.ts';
import { numberTypeEntries, workloadEntries } from './workload-entries.ts';

/** Something that can be chosen or met, in the words of `list` and `explain`. */
export interface Entry {
  readonly name: string;
  readonly title: string;
  /** Label and text, in order. */
  readonly facts: readonly (readonly [label: string, text: string])[];
}

/** Everything by kind. Built on demand: chips are read from files. */
export const CATALOGUE: Readonly<Record<ListingKind, () => Entry[]>> = {
  topologies: once(sliceEntries),
  chips: once(() => chipNames().map(chipEntry)),
  models: once(modelEntries),
  routers: () =>
    Object.entries(ROUTERS).map(([name, { title, source, options, create }]) => ({
      name,
      title: `${title}, ${expertsPerToken(create(resolveOptions(options, {}, name)).topK)}`,
      facts: [
        ['scenario key', `routing: {router: ${name}}`],
        ...Object.entries(options).map(([option, spec]): [string, string] => [`option ${option}`, optionText(spec)]),
        ['source', source],
      ],
    })),
  'capacity-rules': () =>
    Object.entries(CAPACITY_RULES).map(([name, rule]) => ({
      name,
      title: `${rule.title}: ${rule.formula}`,
      facts: [
        ['letters', 'S tokens of a group, E experts, k choices per token, cf capacity factor'],
        ['scenario key', `routing: {capacityRule: ${name}}`],
        ['source', rule.source],
      ],
    })),
  'group-rules': () =>
    Object.entries(GROUP_RULES).map(([name, rule]) => ({
      name,
      title: `${rule.title}: ${rule.formula}`,
      facts: [
        ['scenario key', `routing: {groupRule: ${name}}`],
        ['routing.groupTokens', rule.readsGroupTokens ? 'sets the size' : 'does nothing'],
        ['source', rule.source],
      ],
    })),
  dispatches: dispatchEntries,
  loads: loadEntries,
  layouts: layoutEntries,
  axes: axisEntries,
  schedules: scheduleEntries,
  workloads: workloadEntries,
  'number-types': numberTypeEntries,
  'remat-policies': rematEntries,
  collectives: collectiveEntries,
  networks: networkEntries,
  routings: routingEntries,
  'collective-figures': figureEntries,
  'wire-keys': wireKeyEntries,
  optimizers: () =>
    Object.entries(OPTIMIZERS).map(([name, { source, stateTraffic, vectorOpsPerWeight }]) => ({
      name,
      title: `${vectorOpsPerWeight} operations and ${stateTraffic(4) / 4} passes over full-sized f32 state per weight`,
      facts: [
        ['scenario key', `workload: {optimizer: ${name}}`],
        ['source', source],
      ],
    })),
  texts: () =>
    Object.entries(shippedTexts()).map(([name, { title, source, licence, asOf, sha256 }]) => ({
      name,
      title,
      facts: [
        ['scenario key', `learning: {texts: [${name}]}`],
        ['source', `${source}, ${asOf}`],
        ['licence', licence],
        ['SHA-256', sha256],
      ],
    })),
  metrics: () =>
    METRIC_NAMES.map((name) => {
      const { title, definition, formula, unit, from, origin } = METRICS[name];
      return {
        name,
        title: `${title}${unit === '' ? '' : ` [${unit}]`}, from the ${from}`,
        facts: [
          ['definition', definition],
          ['formula', formula],
          ['origin', origin],
        ],
      };
    }),
  codes: () =>
    Object.entries(ISSUE_CODES).map(([name, { title, rule, example, remedy }]) => ({
      name,
      title,
      facts: [
        ['rule', rule],
        ['example', example],
        ['remedy', remedy],
      ],
    })),
};

/** What does not change while the program runs is made once. */
function once(make: () => Entry[]): () => Entry[] {
  let made: Entry[] | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

/** Every name that `explain` knows, with its kind. */
export function allEntries(): { readonly kind: ListingKind; readonly entry: Entry }[] {
  return (Object.keys(CATALOGUE) as ListingKind[]).flatMap((kind) => CATALOGUE[kind]().map((entry) => ({ kind, entry })));
}

/** Each chip file is read once, not once per slice. */
function sliceEntries(): Entry[] {
  const chips = new Map(chipNames().map((name) => [name, chipOf(name)]));
  return sliceFileNames().map((name) => {
    const slice = findSlice(name);
    const chip = chips.get(slice?.chip ?? '');
    if (slice === undefined || chip === undefined) throw new Error(`internal: ${name} is listed but not found`);
    return sliceEntry(name, slice, chip);
  });
}

function chipOf(name: string): Chip {
  const found = findChip(name, '');
  if ('issue' in found) throw new Error(`internal: ${name} is listed but not found`);
  return found.chip;
}

function chipEntry(name: string): Entry {
  const chip = chipOf(name);
  const pod = chip.podShape.join('x');
  return {
    name,
    title: `${chip.matmulFlopsPerSecond / 1e12} TFLOP/s bf16, ${formatBytes(chip.hbmBytes)} HBM, ${chip.devicesPerChip} devices per chip, pod ${pod}`,
    facts: Object.entries(chip.citations).map(([key, { source, asOf, note }]) => [
      key,
      `${citedValue(chip, key)} (${source}, ${asOf}${note === undefined ? '' : `; ${note}`})`,
    ]),
  };
}

/** The value that a citation stands for; its key may be dotted. */
function citedValue(chip: Chip, key: string): string {
  const value = key.split('.').reduce<unknown>((group, step) => (group as Record<string, unknown>)[step], chip);
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}

function expertsPerToken(topK: number): string {
  return `${topK} ${topK === 1 ? 'expert' : 'experts'} per token`;
}
