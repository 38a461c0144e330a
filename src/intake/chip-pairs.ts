import { chipAt, type TopologySpec } from '../hardware/index.ts';
import { issueAt, type LocatedIssue, shown } from './located-issue.ts';
import { type Path, parsePath } from './path.ts';

/** A chip by number, or by coordinates in the first slice. */
export type ChipReference = number | readonly number[];

interface StatedLinks {
  readonly shape: readonly number[];
  readonly brokenLinks?: readonly (readonly ChipReference[])[];
  readonly slowLinks?: readonly { readonly between: readonly ChipReference[]; readonly factor: number }[];
}

/** Broken and slow links with chips by number, absent where none are named; rules of the wires look at the numbers. */
export function resolveLinks(
  { shape, brokenLinks, slowLinks }: StatedLinks,
  path: string,
): { readonly links: Pick<TopologySpec, 'brokenLinks' | 'slowLinks'>; readonly issues: readonly LocatedIssue[] } {
  const issues: LocatedIssue[] = [];
  const pairAt = (pair: readonly ChipReference[], at: Path): readonly [number, number] => {
    const [a, b] = pair.map((reference, i) => chipOf(reference, shape, [...at, i], issues));
    return [a, b];
  };
  const root = parsePath(path);
  const broken = brokenLinks?.map((pair, i) => pairAt(pair, [...root, 'brokenLinks', i]));
  const slow = slowLinks?.map(({ between, factor }, i) => ({ between: pairAt(between, [...root, 'slowLinks', i, 'between']), factor }));
  const links = {
    ...(broken === undefined || broken.length === 0 ? {} : { brokenLinks: broken }),
    ...(slow === undefined || slow.length === 0 ? {} : { slowLinks: slow }),
  };
  return { links, issues };
}

function chipOf(reference: ChipReference, shape: readonly number[], at: Path, issues: LocatedIssue[]): number {
  if (typeof reference === 'number') return reference;
  const inside = reference.length === shape.length && reference.every((coordinate, axis) => coordinate < shape[axis]);
  if (inside) return chipAt(shape, reference);
  const rule = `a chip of ${shape.join('x')} has ${shape.length} coordinates, each below its side`;
  issues.push(
    issueAt(
      at,
      'E_LINK',
      shown(reference),
      rule,
      `count from 0, x first: ${JSON.stringify(shape.map((side) => side - 1))} is the last chip`,
    ),
  );
  return 0;
}
