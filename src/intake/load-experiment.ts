import { InputError, type Issue, nearest } from '../base/index.ts';
import type { Claim, Gain } from '../result/index.ts';
import type { ExperimentInput } from './experiment-schema.ts';
import { type LoadedScenario, parseScenario } from './load-scenario.ts';
import { parsePath, valueAt } from './path.ts';
import { readTextOrThrow, SIZE_LIMITS } from './read-text.ts';
import { parseYaml } from './yaml-source.ts';

/** An experiment that is free of mistakes: the scenario, and each variant of it as a scenario of its own. */
export interface LoadedExperiment {
  readonly base: LoadedScenario;
  readonly seeds: readonly number[];
  readonly variants: readonly LoadedExperimentVariant[];
  readonly claims: readonly Claim[];
  readonly gains: readonly Gain[];
}

interface LoadedExperimentVariant {
  readonly name: string;
  /** The variant before it whose weights it begins with; null: it begins with first weights. */
  readonly after: string | null;
  /** The variant before it whose probabilities it learns from; null: it learns from words alone. */
  readonly teacher: string | null;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly loaded: LoadedScenario;
}

/** Reads a scenario with an `experiment` section, or throws everything that is wrong with it and with its variants. */
export function loadExperiment(file: string): LoadedExperiment {
  const text = readTextOrThrow(file, SIZE_LIMITS.scenario);
  const base = parseScenario(file, text);
  const stated = valueAt(parseYaml(file, text).value, ['experiment']) as ExperimentInput | undefined;
  if (stated === undefined) {
    const rule = 'an experiment needs an experiment section with seeds and variants';
    throw new InputError([{ code: 'E_EXPERIMENT', path: 'experiment', value: file, rule, remedy: 'add one, or use `switchyard train`' }]);
  }
  const { seeds, claims = [], gains = [] } = stated;
  const names = Object.keys(stated.variants);
  const issues: Issue[] = [
    ...countIssues(stated),
    ...names.flatMap((name, at) => folderIssues(name, names.slice(0, at))),
    ...Object.entries(stated.variants).flatMap(([name, settings]) => ownIssues(name, Object.keys(settings))),
    ...claims.flatMap(({ variant, than }, at) => nameIssues(`experiment.claims[${at}]`, { variant, than }, names)),
    ...gains.flatMap(({ variant, with: best, without }, at) =>
      nameIssues(`experiment.gains[${at}]`, { variant, with: best, without }, names),
    ),
  ];
  const variants = Object.entries(stated.variants).flatMap(([name, { after, teacher, ...settings }], at): LoadedExperimentVariant[] => {
    const before = names.slice(0, at);
    issues.push(...beforeIssues(name, { after, teacher }, before));
    try {
      return [{ name, after: nameOf(after), teacher: nameOf(teacher), settings, loaded: parseScenario(file, text, { values: settings }) }];
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      issues.push(...error.issues.map((issue) => ({ ...issue, path: `experiment.variants.${name}: ${issue.path}` })));
      return [];
    }
  });
  issues.push(...variants.flatMap((variant) => followIssues(variant, variants)));
  if (issues.length > 0) throw new InputError(issues);
  return { base, seeds, variants, claims, gains };
}

function nameOf(stated: unknown): string | null {
  return typeof stated === 'string' ? stated : null;
}

/** A variant may only go on from one that is written before it, or learn from one. */
function beforeIssues(variant: string, named: Readonly<Record<string, unknown>>, before: readonly string[]): Issue[] {
  return Object.entries(named).flatMap(([key, name]) => {
    if (name === undefined || before.some((one) => one === name)) return [];
    const rule = 'must be the name of a variant that is written before this one';
    const remedy = before.length === 0 ? 'write that variant first' : `use one of ${before.join(', ')}`;
    return [{ code: 'E_EXPERIMENT', path: `experiment.variants.${variant}.${key}`, value: JSON.stringify(name), rule, remedy }];
  });
}

/** Weights and state go from one run to the next as they lie in memory; a teacher and its pupil look at the same words. */
const SAME_AFTER = ['topology', 'model', 'layout', 'precision', 'routing.router', 'routing.options', 'workload.optimizer'] as const;
const SAME_AS_TEACHER = ['model.vocab', 'workload.sequences', 'workload.sequenceLength'] as const;

function followIssues({ name, after, teacher, loaded }: LoadedExperimentVariant, variants: readonly LoadedExperimentVariant[]): Issue[] {
  const compare = (key: 'after' | 'teacher', other: string | null, paths: readonly string[]): Issue[] => {
    const followed = variants.find((one) => one.name === other);
    if (followed === undefined) return [];
    const textOf = ({ scenario }: LoadedScenario, path: string): string => JSON.stringify(valueAt(scenario, parsePath(path))) ?? '';
    const others = paths.filter((path) => textOf(loaded, path) !== textOf(followed.loaded, path));
    if (others.length === 0) return [];
    const rule = `${others.join(', ')} must be as in ${JSON.stringify(other)}`;
    const remedy = `give both variants the same, or leave \`${key}\` out`;
    return [{ code: 'E_EXPERIMENT', path: `experiment.variants.${name}.${key}`, value: JSON.stringify(other), rule, remedy }];
  };
  return [...compare('after', after, SAME_AFTER), ...compare('teacher', teacher, SAME_AS_TEACHER)];
}

function countIssues({ seeds, variants }: ExperimentInput): Issue[] {
  const issue = (path: string, value: string, rule: string, remedy: string): Issue => ({ code: 'E_EXPERIMENT', path, value, rule, remedy });
  const count = Object.keys(variants).length;
  return [
    ...(count === 0 ? [issue('experiment.variants', '{}', 'there must be a variant', 'name one, e.g. `as it is: {}`')] : []),
    ...(new Set(seeds).size < seeds.length
      ? [issue('experiment.seeds', seeds.join(', '), 'a seed may be named once', 'remove the copy')]
      : []),
  ];
}

/** The runs of a variant have a folder of its name beside the files of the experiment, on whatever file system. */
const FOLDER_NAME = /^[\p{L}\p{N}_+-][^\p{C}/\\:*?"<>|]{0,59}$/u;
const FILE_NAME = /\.(json|html)$|[. ]$/i;

function folderIssues(name: string, before: readonly string[]): Issue[] {
  const issue = (rule: string, remedy: string): Issue[] => [
    { code: 'E_EXPERIMENT', path: 'experiment.variants', value: JSON.stringify(name), rule, remedy },
  ];
  if (!FOLDER_NAME.test(name) || FILE_NAME.test(name)) {
    const rule = 'the name of a variant is that of a folder: at most 60 characters, none of / \\ : * ? " < > |, a letter or digit first';
    return issue(`${rule}, no dot or space last, and no .json or .html`, 'take another name, e.g. "top-1, cf 1.25"');
  }
  const same = before.find((one) => one.toLowerCase() === name.toLowerCase());
  return same === undefined ? [] : issue(`differs from ${JSON.stringify(same)} in capitals alone`, 'take another name');
}

/** What the experiment says itself, of all variants alike. */
const OWN_KEYS: readonly string[] = ['name', 'question', 'seed', 'experiment'];

function ownIssues(name: string, keys: readonly string[]): Issue[] {
  return keys.flatMap((key) => {
    if (!OWN_KEYS.includes(key.split('.')[0])) return [];
    const path = `experiment.variants.${name}.${key}`;
    const rule = 'all variants have this of their experiment';
    return [{ code: 'E_EXPERIMENT', path, value: key, rule, remedy: key === 'seed' ? 'name seeds under experiment.seeds' : 'remove it' }];
  });
}

/** Variants that are compared: they must be there, and be different ones. */
function nameIssues(path: string, named: Readonly<Record<string, string>>, names: readonly string[]): Issue[] {
  return Object.entries(named).flatMap(([key, name], at) => {
    const issue = (rule: string, remedy: string): Issue[] => [
      { code: 'E_EXPERIMENT', path: `${path}.${key}`, value: JSON.stringify(name), rule, remedy },
    ];
    if (names.includes(name)) {
      const isSecond = Object.values(named).indexOf(name) < at;
      return isSecond ? issue('a variant does not differ from itself', 'name another variant') : [];
    }
    const near = nearest(name, names);
    return issue('must be the name of a variant', near === undefined ? `use one of ${names.join(', ')}` : `did you mean ${near}?`);
  });
}
