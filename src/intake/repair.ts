import { type Issue, nearest } from '../base/index.ts';
import { type JsonSchema, keysAt } from './json-schema.ts';
import type { LocatedIssue } from './located-issue.ts';
import { dotted, type Path, withValueAt } from './path.ts';
import { type ScenarioInput, scenarioSchema } from './scenario-schema.ts';
import { shapeIssues } from './shape-issues.ts';

/** A document made well-shaped, and the keys whose values are now stand-ins. */
export interface Repaired {
  readonly input: ScenarioInput;
  readonly issues: readonly LocatedIssue[];
  /** Dotted paths; rules that look at them have nothing true to say. */
  readonly wrong: readonly string[];
}

/** What stands in for the two required keys when they are missing or unreadable. */
const STAND_IN = { topology: 'tpu-v3:4x4', model: { preset: 'switch-base' } } as const;

/** Each round removes one level of what is wrong, and no shape is nested deeper than this. */
const MAX_ROUNDS = 12;

/**
 * Finds everything wrong with the shape of a document and takes it out, so that defaults take its place and the rules across fields can still
 * be checked on the rest.
 */
export function checkShape(document: unknown, schema: JsonSchema): Repaired {
  const issues: LocatedIssue[] = [];
  const wrong: string[] = [];
  let candidate: unknown = document;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const parsed = scenarioSchema.safeParse(candidate);
    if (parsed.success) return { input: parsed.data, issues, wrong };
    const found = shapeIssues(parsed.error.issues, candidate, schema);
    // Later rounds only meet groups that lost a required key to an earlier one: consequences, not further mistakes.
    if (round === 0) issues.push(...found.filter(({ issue }) => !isMisspelt(issue, found)));
    for (const { at, issue } of found) {
      wrong.push(...meantPaths(at, issue.code, candidate, schema));
      candidate = withValueAt(candidate, removable(at, issue.code), undefined) ?? {};
    }
    if (typeof candidate !== 'object' || candidate === null || Array.isArray(candidate)) candidate = {};
    for (const key of ['topology', 'model'] as const) {
      if (!Object.hasOwn(candidate as object, key)) {
        candidate = withValueAt(candidate, [key], STAND_IN[key]);
        wrong.push(key);
      }
    }
  }
  throw new Error(`internal: a scenario could not be repaired: ${issues.map((found) => found.issue.code).join(', ')}`);
}

/** A required key is not missing when an unknown one was meant for it. */
function isMisspelt({ code, path }: Issue, found: readonly LocatedIssue[]): boolean {
  return code === 'E_MISSING' && found.some(({ issue }) => issue.code === 'E_KEY_UNKNOWN' && issue.remedy === `did you mean ${path}?`);
}

/** A list with a wrong entry goes as a whole, and so does a group that lacks a required key. */
function removable(at: Path, code: string): Path {
  const list = at.findIndex((step) => typeof step === 'number');
  const path = list > 0 ? at.slice(0, list) : at;
  return code === 'E_MISSING' && path.length > 1 ? path.slice(0, -1) : path;
}

/** The keys that a wrong one was meant for: an unknown key stands for its nearest known one, or else for its whole group. */
function meantPaths(at: Path, code: string, document: unknown, schema: JsonSchema): string[] {
  if (code !== 'E_KEY_UNKNOWN') return [dotted(removable(at, code))];
  const group = at.slice(0, -1);
  const near = nearest(String(at.at(-1)), keysAt(schema, group, document));
  if (near !== undefined) return [dotted([...group, near])];
  return group.length === 0 ? [] : [dotted(group)];
}
