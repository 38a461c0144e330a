import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { InputError, type Issue, unknownKey } from '../base/index.ts';
import { type Chip, type Citation, chipOfFamily } from '../hardware/index.ts';
import { CHIPS_FOLDER } from './data-folders.ts';
import { issueAt, placeIssues } from './located-issue.ts';
import { readTextOrThrow, SIZE_LIMITS } from './read-text.ts';
import { fileIssues } from './shape-issues.ts';
import { parseYaml } from './yaml-source.ts';

/** A value of a chip file: the number, where it was read, and when. */
const cited = <Value extends z.ZodType>(value: Value) =>
  z.strictObject({
    value,
    source: z.string().min(1),
    asOf: z.string().regex(/^\d{4}(-\d{2}){0,2}$/, 'must be a year, month or day, e.g. 2021-06'),
    note: z.string().optional(),
    disagreements: z.array(z.strictObject({ value: z.number(), source: z.string().min(1) })).optional(),
  });

const positive = cited(z.number().positive());
const count = cited(z.int().positive());
const share = cited(z.number().positive().max(1));
const watts = z.number().positive();
const sides = z.array(z.int().positive()).min(1).max(3);

/** Every key but name and efficiency; optional ones stand where a source was found. */
const numbersSchema = {
  devicesPerChip: count,
  matmulFlopsPerSecond: positive,
  int8OpsPerSecond: positive.optional(),
  fp8FlopsPerSecond: positive.optional(),
  mxusPerChip: count,
  mxuSide: count,
  tensorCores: count,
  clockHz: positive.optional(),
  vmemBytes: positive.optional(),
  dieToDieBytesPerSecond: positive.optional(),
  vectorOpsPerSecond: positive,
  hbmBytes: positive,
  hbmBytesPerSecond: positive,
  iciLinkBytesPerSecond: positive,
  rawIciLinkBytesPerSecond: positive.optional(),
  iciDimensions: count,
  hopLatencySeconds: cited(z.number().nonnegative()),
  wrapRule: cited(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('side'), sides: z.array(z.int().positive()) }),
      z.strictObject({ kind: z.literal('cubes'), multiple: z.int().positive() }),
    ]),
  ),
  podShape: cited(sides),
  maxJobChips: count.optional(),
  chipsPerHost: count,
  hostShape: cited(sides),
  pcieBytesPerSecond: positive,
  dcnBytesPerSecondPerHost: positive,
  dcnLatencySeconds: cited(z.number().nonnegative()),
  dollarsPerChipHour: cited(z.number().nonnegative()),
  tdpWatts: positive.optional(),
  powerWatts: cited(z.strictObject({ idle: watts, min: watts, mean: watts, max: watts })).optional(),
};

/** Curves over size are fitted by validation/fit-curves.ts; a cost above 1 would let small products shrink when they grow. */
const efficiencySchema = {
  productLaunchSeconds: cited(z.number().nonnegative()),
  productPeakShare: share,
  productWindowBytes: positive,
  productExposedCost: cited(z.number().nonnegative().max(1)),
  copyLaunchSeconds: cited(z.number().nonnegative()),
  copyPeakShare: share,
};

const chipSchema = z.strictObject({
  name: z.string(),
  ...numbersSchema,
  efficiency: z.strictObject(efficiencySchema),
});

type ChipFile = z.infer<typeof chipSchema>;

/** Names of the chips that can be loaded: the files of the folder, oldest generation first by name. */
export function chipNames(folder = CHIPS_FOLDER): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort();
}

/** The chip of that name, or an issue that names the nearest known one. A file that cannot be used throws. */
export function findChip(name: string, path: string, folder = CHIPS_FOLDER): { readonly chip: Chip } | { readonly issue: Issue } {
  const known = chipNames(folder);
  if (!known.includes(name)) {
    const issue = unknownKey('E_CHIP_UNKNOWN', path, name, known);
    const meant = chipOfFamily(name);
    return { issue: meant !== undefined && known.includes(meant) ? { ...issue, remedy: `did you mean ${meant}?` } : issue };
  }
  return { chip: loadChipFile(join(folder, `${name}.yaml`), name) };
}

/** Reads and checks one chip file. */
export function loadChipFile(file: string, name: string): Chip {
  const source = parseYaml(file, readTextOrThrow(file, SIZE_LIMITS.chip));
  if (source.issues.length > 0) throw new InputError(source.issues);
  const parsed = chipSchema.safeParse(source.value);
  if (!parsed.success)
    throw new InputError(
      placeIssues(
        source,
        fileIssues(
          parsed.error.issues,
          source.value,
          'E_CHIP_FILE',
          'numbers are {value, source, asOf} in SI units, as in topologies/chips/tpu-v3.yaml',
        ),
      ),
    );
  if (parsed.data.name !== name) {
    const rule = `must be ${name}, the name of its file`;
    throw new InputError(placeIssues(source, [issueAt(['name'], 'E_CHIP_FILE', parsed.data.name, rule, 'rename one of the two')]));
  }
  return toChip(parsed.data);
}

function toChip({ name, efficiency, ...numbers }: ChipFile): Chip {
  return { name, ...valuesOf(numbers), efficiency: valuesOf(efficiency), citations: citationsOf({ name, efficiency, ...numbers }) };
}

/** Without the sources; keys that are absent stay absent. */
function valuesOf<Group extends Readonly<Record<string, { readonly value: unknown } | undefined>>>(group: Group): Values<Group> {
  const stated = Object.entries(group).flatMap(([key, entry]) => (entry === undefined ? [] : [[key, entry.value]]));
  return Object.fromEntries(stated) as Values<Group>;
}

type Values<Group> = {
  [Key in keyof Group]: NonNullable<Group[Key]> extends { readonly value: infer Value } ? Value | OrAbsent<Group[Key]> : never;
};
type OrAbsent<Entry> = undefined extends Entry ? undefined : never;

/** By dotted key: `hbmBytes`, `efficiency.copyPeakShare`. */
function citationsOf(file: ChipFile): Record<string, Citation> {
  const { name: _name, efficiency, ...flat } = file;
  const entries = [...Object.entries(flat), ...Object.entries(efficiency).map(([key, entry]) => [`efficiency.${key}`, entry] as const)];
  return Object.fromEntries(
    entries.flatMap(([key, entry]) => {
      if (entry === undefined) return [];
      const { value: _, ...citation } = entry;
      return [[key, citation]];
    }),
  );
}
