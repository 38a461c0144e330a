import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { InputError } from '../base/index.ts';
import type { MicrobenchRecord, WorkedProblem } from '../validation/index.ts';
import { chipNames } from './chips.ts';
import { MICROBENCH_FOLDER, WORKED_PROBLEMS_FILE } from './data-folders.ts';
import { readTextOrThrow, SIZE_LIMITS } from './read-text.ts';
import { fileIssues } from './shape-issues.ts';

const positive = z.number().positive();
const count = z.int().positive();
const head = { id: z.string().min(1), chip: z.string(), what: z.string().min(1), source: z.string().min(8), asOf: z.string().min(4) };
const words = { note: z.string().optional(), why: z.string().optional() };
const sides = { m: count, k: count, n: count };

const recordSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...head,
    ...words,
    kind: z.literal('product'),
    batch: count,
    bytesPerElement: count,
    points: z
      .array(z.union([z.strictObject({ ...sides, seconds: positive }), z.strictObject({ ...sides, flopsPerSecond: positive })]))
      .min(1),
  }),
  z.strictObject({
    ...head,
    ...words,
    kind: z.literal('copy'),
    points: z
      .array(
        z.union([z.strictObject({ bytes: positive, seconds: positive }), z.strictObject({ bytes: positive, bytesPerSecond: positive })]),
      )
      .min(1),
  }),
  z.strictObject({
    ...head,
    ...words,
    kind: z.literal('collective'),
    collective: z.enum(['all-gather', 'reduce-scatter']),
    shape: z.array(count).min(1).max(3),
    wrap: z.array(z.boolean()).min(1).max(3),
    points: z
      .array(
        z.union([
          z.strictObject({ bytes: positive, seconds: positive }),
          z.strictObject({ bytes: positive, countedBytes: positive, bytesPerSecond: positive }),
        ]),
      )
      .min(1),
  }),
]);

const workedProblem = z.strictObject({
  id: z.string().min(1),
  question: z.string().min(1),
  source: z.string().min(8),
  asOf: z.string().min(4),
  note: z.string().optional(),
  answers: z.array(z.strictObject({ quantity: z.string(), printed: positive, within: z.number().nonnegative(), unit: z.string() })).min(1),
});

/** The micro-benchmarks of the package, or of a folder like it; throws an InputError with everything that is wrong with a file. */
export function loadMicrobench(folder = MICROBENCH_FOLDER): MicrobenchRecord[] {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort();
  const records = files.flatMap((file) => loadList<MicrobenchRecord>(join(folder, file), recordSchema));
  const strange = records.filter(({ chip }) => !chipNames().includes(chip));
  const repeated = records.filter(({ id }, index) => records.findIndex((one) => one.id === id) !== index);
  const issues = [
    ...strange.map(({ id, chip }) => issue(`${id}.chip`, chip, 'must be a chip of topologies/chips')),
    ...repeated.map(({ id }) => issue('id', id, 'must stand once')),
  ];
  if (issues.length > 0) throw new InputError(issues);
  return records;
}

/** Problems with printed answers that come with the package. */
export function loadWorkedProblems(file = WORKED_PROBLEMS_FILE): WorkedProblem[] {
  return loadList(file, workedProblem);
}

function loadList<Row>(file: string, row: z.ZodType<Row>): Row[] {
  let value: unknown;
  try {
    value = JSON.parse(readTextOrThrow(file, SIZE_LIMITS.result));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InputError([issue(file, error.message, 'must be JSON')]);
  }
  const parsed = z.array(row).safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = fileIssues(parsed.error.issues, value, 'E_MICROBENCH', REMEDY);
  throw new InputError(issues.map(({ issue: one }) => ({ ...one, path: `${file} ${one.path}` })));
}

const REMEDY = 'write records as data/microbench/README.md describes them';

function issue(path: string, value: string, rule: string) {
  return {
    code: 'E_MICROBENCH',
    path,
    value: JSON.stringify(value),
    rule,
    remedy: REMEDY,
  };
}
