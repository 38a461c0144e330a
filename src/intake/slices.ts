import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { InputError } from '../base/index.ts';
import { SLICES_FOLDER } from './data-folders.ts';
import { placeIssues } from './located-issue.ts';
import { readTextOrThrow, SIZE_LIMITS } from './read-text.ts';
import { fileIssues } from './shape-issues.ts';
import { parseYaml } from './yaml-source.ts';

const DATE = /^\d{4}(-\d{2}){0,2}$/;

/** A slice by name: a file of topologies/ that says chip, sides and what is known of the wiring. */
const sliceSchema = z.strictObject({
  chip: z.string(),
  shape: z.array(z.int().positive()).min(1).max(3),
  wrap: z.union([z.enum(['auto', 'open', 'closed']), z.array(z.boolean())]).optional(),
  twisted: z.boolean().optional(),
  note: z.string().optional(),
  source: z.string().min(1).optional(),
  asOf: z.string().regex(DATE).optional(),
});

export interface SliceFile {
  readonly chip: string;
  readonly shape: number[];
  readonly wrap?: 'auto' | 'open' | 'closed' | boolean[];
  readonly twisted?: boolean;
  readonly note?: string;
  /** Who offers it, and when that was read. */
  readonly source?: string;
  readonly asOf?: string;
}

/** By generation, the smallest slice first. */
export function sliceFileNames(): string[] {
  return readdirSync(SLICES_FOLDER)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .map((name) => ({ name, ...chipAndSize(name) }))
    .sort((a, b) => (a.chip === b.chip ? a.size - b.size || (a.name < b.name ? -1 : 1) : a.chip < b.chip ? -1 : 1))
    .map(({ name }) => name);
}

/** `tpu-v5e-8x16` is of tpu-v5e and has 128 chips; other names are as large as they are. */
function chipAndSize(name: string): { readonly chip: string; readonly size: number } {
  const [, chip = name, sides = '1'] = /^(.*)-(\d+(?:x\d+)*)$/.exec(name) ?? [];
  return { chip, size: sides.split('x').reduce((product, side) => product * Number(side), 1) };
}

/** The slice file of that name, or undefined. A file that cannot be used throws. */
export function findSlice(name: string): SliceFile | undefined {
  if (!sliceFileNames().includes(name)) return undefined;
  const file = join(SLICES_FOLDER, `${name}.yaml`);
  const source = parseYaml(file, readTextOrThrow(file, SIZE_LIMITS.chip));
  if (source.issues.length > 0) throw new InputError(source.issues);
  const parsed = sliceSchema.safeParse(source.value);
  if (parsed.success) return parsed.data;
  const written = 'a slice has chip, shape and, where known, wrap';
  throw new InputError(placeIssues(source, fileIssues(parsed.error.issues, source.value, 'E_CHIP_FILE', written)));
}
