import type * as z from 'zod';
import { nearest } from '../base/index.ts';
import { type JsonSchema, keysAt } from './json-schema.ts';
import { issueAt, type LocatedIssue, shown } from './located-issue.ts';
import { dotted, type Path, valueAt } from './path.ts';

type ZodIssue = z.core.$ZodIssue;

/** What the checker found, in this project's codes and words; `input` is the document that was checked. */
export function shapeIssues(found: readonly ZodIssue[], input: unknown, schema: JsonSchema): LocatedIssue[] {
  return found.filter((issue) => !isLooser(issue, found)).flatMap((issue) => translate(issue, issue.path as Path, input, schema));
}

/** A whole number beyond those that a double counts, of either sign, passes its own bound too, which is the one to name. */
function isLooser(issue: ZodIssue, found: readonly ZodIssue[]): boolean {
  const at = dotted(issue.path as Path);
  return found.some((other) => {
    if (dotted(other.path as Path) !== at) return false;
    if (issue.code === 'too_big') return other.code === 'too_big' && other.maximum < issue.maximum;
    return issue.code === 'too_small' && other.code === 'too_small' && other.minimum > issue.minimum;
  });
}

/** Keys that the checker drops in silence where a group takes any: they are no key of ours anywhere. */
export function droppedKeyIssues(value: unknown, schema: JsonSchema, input: unknown = value, path: Path = []): LocatedIssue[] {
  if (typeof value !== 'object' || value === null) return [];
  const dropped = Object.hasOwn(value, '__proto__') ? [unknownKeyIssue(path, '__proto__', input, schema)] : [];
  const below = Object.entries(value).flatMap(([key, entry]) => droppedKeyIssues(entry, schema, input, [...path, stepOf(value, key)]));
  return [...dropped, ...below];
}

function stepOf(group: object, key: string): string | number {
  return Array.isArray(group) ? Number(key) : key;
}

/** As `shapeIssues`, for a file that is no scenario: everything has one code, and the remedy also says how such a file is written. */
export function fileIssues(found: readonly ZodIssue[], input: unknown, code: string, written: string): LocatedIssue[] {
  return shapeIssues(found, input, {}).map(({ issue, ...at }) => ({
    ...at,
    issue: { ...issue, code, remedy: `${issue.remedy}; ${written}` },
  }));
}

function translate(issue: ZodIssue, path: Path, input: unknown, schema: JsonSchema): LocatedIssue[] {
  const value = valueAt(input, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKeyIssue(path, key, input, schema));
    case 'invalid_type':
      return [value === undefined ? missing(path, issue.expected) : typeIssue(path, value, `must be ${kindOf(issue.expected)}`)];
    case 'too_small':
      return [rangeIssue(path, value, issue.origin, `at least ${issue.minimum}`)];
    case 'too_big':
      return [rangeIssue(path, value, issue.origin, `at most ${issue.maximum}`)];
    case 'invalid_value':
      return [wordIssue(path, value, issue.values.map(String))];
    case 'invalid_format':
      return [issueAt(path, 'E_FORMAT', shown(value), issue.message, 'write it in that form')];
    case 'invalid_union':
      return unionIssues(issue, path, input, schema);
    default:
      return [typeIssue(path, value, issue.message)];
  }
}

/** A union speaks through the branch that the value was meant for, or through its own message when there is none. */
function unionIssues(issue: ZodIssue & { code: 'invalid_union' }, path: Path, input: unknown, schema: JsonSchema): LocatedIssue[] {
  const value = valueAt(input, path);
  if (value === undefined && !('options' in issue)) return [missing(path, issue.message)];
  if ('options' in issue && Array.isArray(issue.options)) {
    const words = issue.options.map(String);
    return [value === undefined ? missing(path, words.join(', ')) : wordIssue(path, value, words)];
  }
  const meant = issue.errors.find((branch) => branch.length > 0 && !branch.some((inner) => inner.path.length === 0 && isOtherKind(inner)));
  if (meant !== undefined) return meant.flatMap((inner) => translate(inner, [...path, ...(inner.path as Path)], input, schema));
  if (typeof value === 'string') {
    const words = issue.errors.flat().flatMap((inner) => (inner.code === 'invalid_value' ? inner.values.map(String) : []));
    if (words.length === 0) return [typeIssue(path, value, issue.message)];
    const near = nearest(value, words);
    return [issueAt(path, 'E_ENUM', shown(value), issue.message, near === undefined ? 'use one of these' : `did you mean ${near}?`)];
  }
  return [typeIssue(path, value, issue.message)];
}

function isOtherKind(issue: { readonly code: string }): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

function unknownKeyIssue(path: Path, key: string, input: unknown, schema: JsonSchema): LocatedIssue {
  const known = keysAt(schema, path, input);
  const near = nearest(key, known) ?? longestBeginning(key, known);
  const others = known.length === 0 ? 'remove it' : `known keys here: ${known.join(', ')}`;
  const remedy = near === undefined ? others : `did you mean ${near}?`;
  const where = path.length > 0 ? dotted(path) : known.length === 0 ? 'this file' : 'a scenario';
  return issueAt([...path, key], 'E_KEY_UNKNOWN', shown(key), `not a key of ${where}`, remedy, 'key');
}

/** A key with a word too many behind it: `startSkewSeconds`. */
function longestBeginning(key: string, known: readonly string[]): string | undefined {
  const begins = known.filter((one) => one.length >= 4 && key.toLowerCase().startsWith(one.toLowerCase()));
  return begins.toSorted((a, b) => b.length - a.length)[0];
}

function missing(path: Path, expected: string): LocatedIssue {
  const key = String(path.at(-1) ?? 'the file');
  const remedy = REQUIRED_EXAMPLES[key] ?? `add ${key}: ${kindOf(expected)}`;
  return issueAt(path, 'E_MISSING', 'nothing', `${key} is required`, remedy, 'key');
}

const REQUIRED_EXAMPLES: Readonly<Record<string, string>> = {
  topology: 'add a slice, e.g. topology: tpu-v3:4x4',
  model: 'add a model, e.g. model: switch-base',
  file: 'name a recording, e.g. {kind: trace, file: choices.csv} or --load trace:choices.csv',
  'the file': 'write a scenario; copy one from scenarios/',
};

function typeIssue(path: Path, value: unknown, rule: string): LocatedIssue {
  const key = String(path.at(-1) ?? '');
  // What is left to the checker's own words says nothing of what is right.
  const said = rule.startsWith('Invalid') ? 'must be of another kind' : rule;
  return issueAt(path, 'E_TYPE', shown(value), said, typeRemedy(key, value, said));
}

function typeRemedy(key: string, value: unknown, rule: string): string {
  if (/number/.test(rule) && typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) {
    return `write ${Number(value)} without quotes`;
  }
  if (key === 'startSkew') return 'write a number of seconds without its unit, e.g. startSkew: 0.001, or [{device: 3, seconds: 0.5}]';
  return 'write a value of that kind';
}

function rangeIssue(path: Path, value: unknown, origin: string, bound: string): LocatedIssue {
  const unit = origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : '';
  return issueAt(path, 'E_RANGE', shown(value), `must be ${bound}${unit}`, `use ${bound}${unit}`);
}

function wordIssue(path: Path, value: unknown, words: readonly string[]): LocatedIssue {
  const near = typeof value === 'string' ? nearest(value, words) : undefined;
  const rule = `must be one of ${words.join(', ')}`;
  return issueAt(path, 'E_ENUM', shown(value), rule, near === undefined ? 'use one of these' : `did you mean ${near}?`);
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of keys',
  record: 'a group of keys',
};

function kindOf(expected: string): string {
  return KINDS[expected] ?? expected;
}
