import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type * as z from 'zod';
import { InputError, type Issue } from '../base/index.ts';
import type { Contrast, PublishedRecord } from '../validation/index.ts';
import { PUBLISHED_FOLDER } from './data-folders.ts';
import { type JsonFault, walkJson } from './importers/walk-json.ts';
import { issueAt, type LocatedIssue, placeIssues, shown } from './located-issue.ts';
import { contrastsSchema, recordsSchema } from './published-schema.ts';
import { readTextOrThrow, SIZE_LIMITS } from './read-text.ts';
import { fileIssues } from './shape-issues.ts';
import { parseYaml } from './yaml-source.ts';

const CONTRASTS_FILE = 'contrasts.json';
/** A record is four levels deep. */
const MOST_DEPTH = 32;
/** More say nothing more than that the file is something else. */
const MOST_ISSUES = 40;
const REMEDY = 'write records as data/published/README.md describes them; null where the source is silent';

/** The files of published records that come with the package. */
export function publishedFiles(): string[] {
  return readdirSync(PUBLISHED_FOLDER)
    .filter((file) => file.endsWith('.json') && file !== CONTRASTS_FILE)
    .sort()
    .map((file) => join(PUBLISHED_FOLDER, file));
}

/** All records of some files, each id once; throws an InputError with everything that is wrong with one of them. */
export function loadPublished(files: readonly string[] = publishedFiles()): PublishedRecord[] {
  return files.flatMap((file) => loadList(file, recordsSchema));
}

export function shippedContrasts(): Contrast[] {
  return loadContrasts(join(PUBLISHED_FOLDER, CONTRASTS_FILE));
}

export function loadContrasts(file: string): Contrast[] {
  return loadList(file, contrastsSchema);
}

/** Reads JSON, and only where something is wrong reads it again with places. */
function loadList<Row extends { readonly id: string }>(file: string, schema: z.ZodType<Row[]>): Row[] {
  const text = readTextOrThrow(file, SIZE_LIMITS.result);
  const fault = walkJson(text, MOST_DEPTH);
  if (fault !== null) throw new InputError([faultIssue(file, text, fault)]);
  const value: unknown = JSON.parse(text);
  const parsed = schema.safeParse(value);
  const issues = parsed.success ? repeatedIds(parsed.data) : fileIssues(parsed.error.issues, value, 'E_RECORD', REMEDY);
  if (!parsed.success || issues.length > 0) throw new InputError(placeIssues(parseYaml(file, text), issues.slice(0, MOST_ISSUES)));
  return parsed.data;
}

function faultIssue(file: string, text: string, { kind, offset, what }: JsonFault): Issue {
  const before = text.slice(0, offset);
  const place = { file, line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
  const rules = { syntax: 'must be JSON', nesting: `must have at most ${MOST_DEPTH} levels`, duplicate: 'a key stands once in its group' };
  const value = kind === 'nesting' ? 'nested too deeply' : what;
  return { code: 'E_RECORD', path: '', value, rule: rules[kind], remedy: REMEDY, place };
}

function repeatedIds(rows: readonly { readonly id: string }[]): LocatedIssue[] {
  const first = new Map<string, number>();
  return rows.flatMap(({ id }, index) => {
    if (!first.has(id)) {
      first.set(id, index);
      return [];
    }
    return [issueAt([index, 'id'], 'E_RECORD', shown(id), `is the id of record ${(first.get(id) ?? 0) + 1} already`, 'give it another id')];
  });
}
