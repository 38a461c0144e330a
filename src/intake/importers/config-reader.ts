import type { Issue } from '../../base/index.ts';
import { nearest } from '../../base/index.ts';
import { shown } from '../located-issue.ts';
import { dotted, type Path } from '../path.ts';
import type { ConfigSource } from './config-source.ts';

/** What to take where a key is absent or null: `or` is what the reading code takes, `assumed` is taken with a remark. Without both the key is required. */
export interface Absent<Value> {
  readonly or?: Value;
  readonly assumed?: Value;
}

interface WholeRange extends Absent<number> {
  readonly least?: number;
  readonly most?: number;
}

/** A key, or names of one thing of which the first that is written counts. */
export type Key = string | readonly string[];

/**
 * Reads typed values out of a configuration and collects everything that is wrong with it. A value that is missing or wrong has a stand-in (1, false
 * or a first word), so that reading goes on; what was read is of use only where `issues` is empty.
 */
export interface ConfigReader {
  readonly issues: readonly Issue[];
  /** Legal but worth knowing (`W_IMPORT`). */
  readonly remarks: readonly Issue[];
  /** Whether a key is written, even as null. */
  readonly states: (key: Key) => boolean;
  /** Whether the value is one of these; lists count as equal when they are as long as each other and empty. */
  readonly holds: (key: Key, values: readonly unknown[]) => boolean;
  readonly whole: (key: Key, range?: WholeRange) => number;
  /** Null where the key is absent or null. */
  readonly wholeOrNull: (key: Key, range?: Omit<WholeRange, 'or' | 'assumed'>) => number | null;
  readonly decimal: (key: Key, absent: Absent<number>) => number;
  readonly flag: (key: Key, absent: Absent<boolean>) => boolean;
  readonly text: (key: Key, absent: Absent<string>) => string;
  /** Null where the key is absent or null. */
  readonly list: <Entry extends 'number' | 'string'>(key: Key, of: Entry) => readonly (Entry extends 'number' ? number : string)[] | null;
  /** The group below a key; an empty one, said to be missing, where there is none. */
  readonly group: (key: string) => ConfigReader;
  /** Something that a model or a layout here cannot express. */
  readonly refuse: (key: Key, rule: string, remedy: string, code?: string) => void;
  /** A value of the right kind that cannot be; nothing is said where it, or a key that the rule rests on, is a stand-in. */
  readonly wrong: (key: Key, rule: string, remedy: string, restsOn?: readonly Key[]) => void;
  readonly remark: (key: Key, rule: string, remedy: string) => void;
}

/** Above any dimension of a model and below where whole numbers stop being exact. */
const MOST = 2 ** 31;

export function createConfigReader(source: ConfigSource): ConfigReader {
  return readerAt(source, source.value, [], { issues: [], remarks: [], standIns: new Set() });
}

interface Collected {
  readonly issues: Issue[];
  readonly remarks: Issue[];
  /** Dotted paths whose values are stand-ins. */
  readonly standIns: Set<string>;
}

type Group = Readonly<Record<string, unknown>>;

/** One group of keys: what they say, and what is said about them. */
interface Level {
  readonly nameOf: (key: Key) => string;
  readonly pathOf: (key: Key) => Path;
  /** Undefined where a key is absent or null. */
  readonly said: (key: Key) => unknown;
  readonly add: (into: 'issues' | 'remarks', code: string, key: Key, rule: string, remedy: string, point?: 'key' | 'value') => void;
}

function levelAt(source: ConfigSource, value: Group, at: Path, collected: Collected): Level {
  const nameOf = (key: Key): string => {
    const names = typeof key === 'string' ? [key] : key;
    return names.find((name) => Object.hasOwn(value, name) && value[name] !== null) ?? names[0];
  };
  const pathOf = (key: Key): Path => [...at, nameOf(key)];
  const said = (key: Key): unknown => (Object.hasOwn(value, nameOf(key)) ? (value[nameOf(key)] ?? undefined) : undefined);
  return {
    nameOf,
    pathOf,
    said,
    add: (into, code, key, rule, remedy, point = 'value') => {
      const path = dotted(pathOf(key));
      if (into === 'issues') collected.standIns.add(path);
      // Some keys are read twice.
      if (collected[into].some((known) => known.code === code && known.path === path && known.rule === rule)) return;
      const found = said(key);
      const place = source.placeOf(pathOf(key), point);
      const shownValue = found === undefined ? 'nothing' : shown(found);
      collected[into].push({ code, path, value: shownValue, rule, remedy, ...(place === undefined ? {} : { place }) });
    },
  };
}

function readerAt(source: ConfigSource, value: Group, at: Path, collected: Collected): ConfigReader {
  const level = levelAt(source, value, at, collected);
  const { nameOf, pathOf, said, add } = level;
  const typed = typedAt(level);
  const whole = (key: Key, { least = 1, most = MOST, ...absent }: WholeRange = {}): number => {
    const found = typed(key, absent, Math.max(least, 1), 'a whole number', isWhole);
    if (said(key) !== found || (found >= least && found <= most)) return found;
    add('issues', 'E_RANGE', key, `must be from ${least} to ${most}`, 'choose a value within that range');
    return Math.max(least, 1);
  };
  return {
    issues: collected.issues,
    remarks: collected.remarks,
    states: (key) => Object.hasOwn(value, nameOf(key)),
    holds: (key, values) => {
      const found = said(key) ?? null;
      return values.includes(found) || (values.length === 0 && Array.isArray(found) && found.length === 0);
    },
    whole,
    wholeOrNull: (key, range = {}) => (said(key) === undefined ? null : whole(key, range)),
    decimal: (key, absent) => typed(key, absent, 1, 'a number', (found): found is number => Number.isFinite(found)),
    flag: (key, absent) => typed(key, absent, false, 'true or false', (found): found is boolean => typeof found === 'boolean'),
    text: (key, absent) => typed(key, absent, '', 'a text', (found): found is string => typeof found === 'string'),
    list: (key, of) => {
      if (said(key) === undefined) return null;
      const holds = (found: unknown): found is never[] =>
        Array.isArray(found) && found.every((entry) => (of === 'number' ? isWhole(entry) : typeof entry === 'string'));
      return typed(key, { or: [] }, [], `a list of ${of === 'number' ? 'whole numbers' : 'texts'}`, holds);
    },
    group: (key) => readerAt(source, typed<Group>(key, {}, {}, 'a group of keys', isGroup), pathOf(key), collected),
    refuse: (key, rule, remedy, code = 'E_NOT_MODELLED') => add('issues', code, key, rule, remedy),
    wrong: (key, rule, remedy, restsOn = []) => {
      if (![key, ...restsOn].some((one) => collected.standIns.has(dotted(pathOf(one))))) add('issues', 'E_RANGE', key, rule, remedy);
    },
    remark: (key, rule, remedy) => add('remarks', 'W_IMPORT', key, rule, remedy),
  };
}

type Typed = <Value>(key: Key, absent: Absent<Value>, standIn: Value, kind: string, is: (found: unknown) => found is Value) => Value;

/** A value of one type, what counts where there is none, or a stand-in with an issue. */
function typedAt({ nameOf, said, add }: Level): Typed {
  return (key, { or, assumed }, standIn, kind, is) => {
    const found = said(key);
    if (found !== undefined) {
      if (is(found)) return found;
      add('issues', 'E_TYPE', key, `must be ${kind}`, 'write a value of that kind');
      return standIn;
    }
    if (or !== undefined) return or;
    if (assumed === undefined) {
      add('issues', 'E_MISSING', key, `${nameOf(key)} is required`, `add ${nameOf(key)} to the file`, 'key');
      return standIn;
    }
    const rule = `not in the file; ${shown(assumed)} is what the code takes then`;
    add('remarks', 'W_IMPORT', key, rule, 'add it if it is something else', 'key');
    return assumed;
  };
}

/** The word of a table that a text means, or an issue with the words that are known; then the first of them stands in. */
export function wordOf<Meaning>(reader: ConfigReader, key: Key, words: Readonly<Record<string, Meaning>>, absent: Absent<string>): Meaning {
  const said = reader.text(key, absent);
  if (Object.hasOwn(words, said)) return words[said];
  const known = Object.keys(words);
  // Nothing is near to every short word, and is no name to be meant.
  const near = nearest(
    said,
    known.filter((word) => word !== ''),
  );
  const remedy = near === undefined ? 'use one of these' : `did you mean ${near}?`;
  // Of a missing or mistyped one an empty text stands in, and something is said already.
  if (said !== '' || reader.holds(key, ['']))
    reader.refuse(key, `must be one of ${known.map((word) => (word === '' ? 'nothing' : word)).join(', ')}`, remedy, 'E_ENUM');
  return words[known[0]];
}

function isWhole(found: unknown): found is number {
  return Number.isSafeInteger(found);
}

function isGroup(found: unknown): found is Group {
  return typeof found === 'object' && found !== null && !Array.isArray(found);
}
