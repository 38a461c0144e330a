import * as z from 'zod';
import type { Path } from './path.ts';
import { valueAt } from './path.ts';
import { scenarioSchema } from './scenario-schema.ts';

/** The part of JSON Schema that is read back here, to know which keys stand where. */
export interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly const?: unknown;
}

/** The scenario file's shape for editors: `schema/scenario.schema.json` is this text, and a test holds the two equal. */
export function scenarioJsonSchema(): JsonSchema & Record<string, unknown> {
  const schema = z.toJSONSchema(scenarioSchema, { target: 'draft-2020-12', io: 'input' });
  return { title: 'Switchyard scenario', description: 'One experiment on a simulated TPU pod', ...schema } as JsonSchema &
    Record<string, unknown>;
}

/** Known keys of the group at a path. Of several shapes, the one whose `kind` the document has, or all of them. */
export function keysAt(schema: JsonSchema, path: Path, input: unknown): string[] {
  let branches = branchesOf(schema, input);
  for (const [depth, step] of path.entries()) {
    const value = valueAt(input, path.slice(0, depth + 1));
    branches = branches.flatMap((branch) => {
      const below = typeof step === 'number' ? branch.items : (branch.properties?.[step] ?? branch.additionalProperties);
      return typeof below === 'object' ? branchesOf(below, value) : [];
    });
  }
  return [...new Set(branches.flatMap((branch) => Object.keys(branch.properties ?? {})))];
}

/** Dotted paths of all keys that a scenario may have, groups and leaves. */
export function knownPaths(schema: JsonSchema, prefix = ''): string[] {
  const paths = branchesOf(schema, undefined).flatMap((branch) =>
    Object.entries(branch.properties ?? {}).flatMap(([key, below]) => {
      const path = prefix === '' ? key : `${prefix}.${key}`;
      return [path, ...knownPaths(below, path)];
    }),
  );
  return [...new Set(paths)];
}

function branchesOf(schema: JsonSchema, value: unknown): readonly JsonSchema[] {
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches === undefined) return [schema];
  const kind = valueAt(value, ['kind']);
  const meant = branches.filter((branch) => kind !== undefined && branch.properties?.kind?.const === kind);
  return meant.length > 0 ? meant : branches;
}
