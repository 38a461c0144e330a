import { type Issue, nearest } from '../base/index.ts';
import type { Chip } from './chip.ts';
import { chipCount } from './topology.ts';
import { splitSuffix } from './wire-suffix.ts';

/** A slice as a name says it: chip generation and sides in chips. */
export interface SliceName {
  readonly chip: string;
  readonly shape: readonly number[];
  readonly twisted: boolean;
  readonly slices: number;
}

export type ParsedSliceName = Parsed<SliceName>;

type Rejected = { readonly issue: Issue; readonly slice?: undefined };
type Parsed<Slice> = Rejected | { readonly slice: Slice; readonly issue?: undefined };
type ParsedStem = Parsed<Omit<SliceName, 'twisted' | 'slices'>>;

interface Family {
  readonly chip: string;
  readonly dimensions: 2 | 3;
  /** What the number behind the dash counts: the trap of these names. Nothing where tools disagree, and then sides are written. */
  readonly counts: 'cores' | 'chips' | 'nothing';
  readonly coresPerChip: number;
}

/**
 * Cloud accelerator types. v2 to v5p count TensorCores, v5e and v6e count chips, v7 is written by its sides
 * (docs.cloud.google.com/tpu/docs, pages v2 to v6e and tpu7x, read 2026-11).
 */
const FAMILIES: Readonly<Record<string, Family>> = {
  v2: { chip: 'tpu-v2', dimensions: 2, counts: 'cores', coresPerChip: 2 },
  v3: { chip: 'tpu-v3', dimensions: 2, counts: 'cores', coresPerChip: 2 },
  v4: { chip: 'tpu-v4', dimensions: 3, counts: 'cores', coresPerChip: 2 },
  v5p: { chip: 'tpu-v5p', dimensions: 3, counts: 'cores', coresPerChip: 2 },
  v5litepod: { chip: 'tpu-v5e', dimensions: 2, counts: 'chips', coresPerChip: 1 },
  v5e: { chip: 'tpu-v5e', dimensions: 2, counts: 'chips', coresPerChip: 1 },
  v6e: { chip: 'tpu-v6e', dimensions: 2, counts: 'chips', coresPerChip: 1 },
  tpu7x: { chip: 'tpu-v7', dimensions: 3, counts: 'nothing', coresPerChip: 2 },
  v7: { chip: 'tpu-v7', dimensions: 3, counts: 'nothing', coresPerChip: 2 },
};

/**
 * Reads `tpu-v3:4x4` (canonical), `v3-32`, `v5litepod-256`, `v5p-128` or `tpu7x-4x4x8`, with `_twisted` and `*2` (two slices) behind them. A
 * count becomes the squarest shape that the Cloud documentation offers for it; a slice of another shape is written canonically.
 */
export function parseSliceName(text: string, path = 'topology'): ParsedSliceName {
  const { stem, twisted, slices } = splitSuffix(text.trim().toLowerCase());
  const parsed = parseStem(text, stem, path);
  return parsed.slice === undefined ? parsed : { slice: { ...parsed.slice, twisted, slices } };
}

function parseStem(text: string, name: string, path: string): ParsedStem {
  const canonical = /^(?:tpu-?)?(v[2-7][a-z]*|7x):(\d+(?:x\d+)*)$/.exec(name);
  if (canonical) return bySides(text, path, canonical[1] === '7x' ? 'tpu7x' : canonical[1], canonical[2]);
  const sides = /^(?:tpu-)?(tpu7x|v[2-7][a-z]*)-(\d+(?:x\d+)+)$/.exec(name);
  if (sides) return bySides(text, path, sides[1], sides[2]);
  const counted = /^(?:tpu-)?(tpu7x|v[2-7][a-z]*)-(\d+)$/.exec(name);
  if (counted) return byCount(text, path, counted[1], Number(counted[2]));
  return wrong(
    'E_TOPOLOGY_NAME',
    path,
    text,
    'must be chip:sides in chips (tpu-v3:4x4) or a Cloud type (v3-32, v5litepod-256, tpu7x-4x4x8)',
    'write the chip, a colon and the sides, e.g. tpu-v3:4x4',
  );
}

/** The chip that a word of slice names means: `v5e`, `v5litepod` or `tpu7x`; undefined for any other word. */
export function chipOfFamily(word: string): string | undefined {
  const name = word.toLowerCase();
  return [name, name.replace(/^tpu-?/, '')].map((key) => (Object.hasOwn(FAMILIES, key) ? FAMILIES[key].chip : undefined)).find(Boolean);
}

/**
 * What is wrong with a shape for a chip generation; empty when it fits into a pod. Pods with fixed wires bound every side, optically joined
 * cubes only the number of chips.
 */
export function checkShape(
  chip: Pick<Chip, 'name' | 'iciDimensions' | 'podShape' | 'wrapRule'>,
  shape: readonly number[],
  path = 'topology',
): Issue[] {
  const value = shape.join('x');
  if (shape.length !== chip.iciDimensions || shape.some((side) => !Number.isInteger(side) || side < 1)) {
    const rule = `${chip.name} needs ${chip.iciDimensions} whole sides of at least 1`;
    const example = new Array(chip.iciDimensions).fill(4).join('x');
    return [{ code: 'E_TOPOLOGY_SHAPE', path, value, rule, remedy: `write ${example}, for example; a side of 1 is allowed` }];
  }
  const rule = chip.wrapRule;
  if (rule.kind === 'cubes' && shape.some((side) => side > rule.multiple) && shape.some((side) => side % rule.multiple !== 0)) {
    const cube = new Array(chip.iciDimensions).fill(rule.multiple).join('x');
    return [
      {
        code: 'E_TOPOLOGY_SHAPE',
        path,
        value,
        rule: `a slice of ${chip.name} lies in one cube of ${cube} or is made of whole ones, because optical switches join cubes`,
        remedy: `make every side a multiple of ${rule.multiple}, or none longer than ${rule.multiple}`,
      },
    ];
  }
  const pod = chip.podShape.join('x');
  if (chip.wrapRule.kind === 'cubes' ? chipCount(shape) <= chipCount(chip.podShape) : fitsInto(shape, chip.podShape)) return [];
  return [
    {
      code: 'E_TOPOLOGY_POD',
      path,
      value,
      rule: `must fit into a pod of ${chip.name}: ${pod} = ${chipCount(chip.podShape)} chips`,
      remedy: 'choose smaller sides',
    },
  ];
}

function fitsInto(shape: readonly number[], podShape: readonly number[]): boolean {
  const pod = podShape.toSorted((a, b) => a - b);
  return shape.toSorted((a, b) => a - b).every((side, i) => side <= pod[i]);
}

function bySides(text: string, path: string, familyName: string, sides: string): ParsedStem {
  const family = FAMILIES[familyName];
  if (family === undefined) return unknownFamily(text, path, familyName);
  const shape = sides.split('x').map(Number);
  if (shape.length !== family.dimensions || shape.some((side) => side < 1)) {
    const example = family.dimensions === 2 ? '4x4' : '4x4x4';
    return wrong(
      'E_TOPOLOGY_SHAPE',
      path,
      text,
      `${family.chip} needs ${family.dimensions} sides of at least 1`,
      `write ${family.chip}:${example}`,
    );
  }
  return { slice: { chip: family.chip, shape } };
}

function byCount(text: string, path: string, familyName: string, count: number): ParsedStem {
  const family = FAMILIES[familyName];
  if (family === undefined) return unknownFamily(text, path, familyName);
  if (family.counts === 'nothing') {
    const rule = `a count behind ${familyName} would be chips in some tools and TensorCores in others`;
    return wrong('E_TOPOLOGY_COUNT', path, text, rule, `write the sides in chips, e.g. ${family.chip}:4x4x4`);
  }
  const perName = family.counts === 'cores' ? family.coresPerChip : 1;
  const chips = count / perName;
  const trap =
    family.counts === 'cores'
      ? `${familyName}-N counts TensorCores, ${perName} per chip: ${familyName}-${count} means ${chips} chips`
      : `${familyName}-N counts chips`;
  const shape = Number.isInteger(chips) && chips >= 1 ? squarestShape(chips, family.dimensions) : undefined;
  if (shape === undefined) {
    return wrong(
      'E_TOPOLOGY_COUNT',
      path,
      text,
      `${trap}; a count needs a default shape, whose sides are powers of two or multiples of 4`,
      `write the sides in chips, e.g. ${family.chip}:${family.dimensions === 2 ? '4x4' : '4x4x4'}`,
    );
  }
  return { slice: { chip: family.chip, shape } };
}

/**
 * The default shape of that many chips, if there is one: the factorisation with the smallest sum of sides, ascending with sides of 1 last
 * (Cloud writes 2x2x1): 32 -> 4x8, 128 -> 4x4x8, 6144 -> 16x16x24.
 */
export function squarestShape(chips: number, dimensions: 2 | 3): number[] | undefined {
  const isSide = dimensions === 2 ? isPowerOfTwo : isCubeSide;
  let best: number[] | undefined;
  let bestSum = Number.POSITIVE_INFINITY;
  for (let a = 1; a * a * a <= chips; a++) {
    if (dimensions === 2 && a > 1) break;
    if (chips % a !== 0 || (dimensions === 3 && !isSide(a))) continue;
    for (let b = a; a * b * b <= chips; b++) {
      const c = chips / (a * b);
      if (!isSide(b) || !isSide(c) || a + b + c >= bestSum) continue;
      best = [a, b, c];
      bestSum = a + b + c;
    }
  }
  if (best === undefined || dimensions === 2) return best?.slice(1);
  // Less than a plane of 2x2 comes in one piece; longer rods than that are not offered.
  if (best[0] === 1 && chips > 4) return undefined;
  return [...best.filter((side) => side > 1), ...best.filter((side) => side === 1)];
}

function isPowerOfTwo(side: number): boolean {
  return side === 1 || (side % 2 === 0 && isPowerOfTwo(side / 2));
}

function isCubeSide(side: number): boolean {
  return side === 1 || side === 2 || side % 4 === 0;
}

function unknownFamily(text: string, path: string, familyName: string): Rejected {
  const known = Object.keys(FAMILIES);
  const near = nearest(familyName, known);
  return wrong(
    'E_TOPOLOGY_CHIP',
    path,
    text,
    `the generation must be one of ${known.join(', ')}`,
    near === undefined ? 'choose one of them' : `did you mean ${near}?`,
  );
}

function wrong(code: string, path: string, text: string, rule: string, remedy: string): Rejected {
  return { issue: { code, path, value: JSON.stringify(text), rule, remedy } };
}
