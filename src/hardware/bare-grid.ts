import type { Issue } from '../base/index.ts';
import { splitSuffix } from './wire-suffix.ts';

/** Wires without a chip: what `ring:64`, `mesh:8x8` or `torus:4x4x8_twisted` say. */
export interface BareGrid {
  readonly name: string;
  readonly shape: readonly number[];
  readonly wrap: readonly boolean[];
  readonly twisted: boolean;
  readonly slices: number;
}

export type ParsedBareGrid = { readonly grid: BareGrid; readonly issue?: undefined } | { readonly issue: Issue; readonly grid?: undefined };

/** What stands before the colon: how many sides it takes, and whether they close. */
const KINDS: Readonly<Record<string, { readonly sides: readonly number[]; readonly closed: boolean; readonly example: string }>> = {
  torus: { sides: [1, 2, 3], closed: true, example: 'torus:8x8' },
  mesh: { sides: [1, 2, 3], closed: false, example: 'mesh:8x8' },
  ring: { sides: [1], closed: true, example: 'ring:64' },
  line: { sides: [1], closed: false, example: 'line:8' },
};

/** Null where the text does not begin like a bare grid, and so means a chip. */
export function parseBareGrid(text: string, path = 'topology'): ParsedBareGrid | null {
  const { stem, twisted, slices } = splitSuffix(text.trim().toLowerCase());
  const [, kindName, rest] = /^([a-z]+):?(.*)$/s.exec(stem) ?? ['', '', ''];
  if (!Object.hasOwn(KINDS, kindName)) return null;
  const kind = KINDS[kindName];
  const sides = rest.split('x');
  const shape = sides.map(Number);
  const wrong = sides.some((side) => !/^\d{1,7}$/.test(side)) || shape.includes(0) || !kind.sides.includes(shape.length);
  if (wrong || !stem.includes(':')) {
    const count = kind.sides.length === 1 ? 'one whole side' : '1 to 3 whole sides, joined by x,';
    return {
      issue: {
        code: 'E_GRID',
        path,
        value: JSON.stringify(text),
        rule: `a ${kindName} has ${count} of at least 1 behind a colon`,
        remedy: `write ${kind.example}, for example`,
      },
    };
  }
  return { grid: { name: text.trim().toLowerCase(), shape, wrap: shape.map(() => kind.closed), twisted, slices } };
}
