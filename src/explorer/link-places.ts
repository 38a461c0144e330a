/** Where chips and links of a grid of up to three dimensions stand in a flat drawing. */
import type { LinksView } from '../report/index.ts';

export const CHIP = 46;
const PITCH = 104;
const PLANE_GAP = 40;
/** Room at the edge, with and without stubs of wires that leave the drawing. */
const EDGE = { closed: 46, open: 8 };
/** Distance of the two directions of a wire from its middle. */
const LANE = 7;

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Arrow {
  /** Row of the view's table. */
  readonly row: number;
  readonly from: Point;
  readonly to: Point;
}

export interface Places {
  readonly width: number;
  readonly height: number;
  readonly chips: readonly Point[];
  readonly arrows: readonly Arrow[];
}

/** x runs to the right, y downwards; planes of the third dimension stand side by side. */
export function placeLinks(view: LinksView): Places {
  const [nx = 1, ny = 1, nz = 1] = view.shape;
  const edge = view.wrap.some(Boolean) || nz > 1 ? EDGE.closed : EDGE.open;
  const planeWidth = (nx - 1) * PITCH + CHIP + PLANE_GAP;
  const chips: Point[] = [];
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++) chips.push({ x: edge + CHIP / 2 + x * PITCH + z * planeWidth, y: edge + CHIP / 2 + y * PITCH });
    }
  }
  const seen = new Set<string>();
  const arrows = view.table.rows.flatMap((cells, row) => {
    const [from, to] = [Number(cells[view.from]), Number(cells[view.to])];
    const axis = ['x', 'y', 'z'].indexOf(String(cells[view.axis]));
    const key = `${from}>${to}>${axis}`;
    // With two chips on a ring, the second link of the same pair is the one around.
    const again = seen.has(key);
    seen.add(key);
    const [a, b] = [chips[from], chips[to]];
    return a === undefined || b === undefined ? [] : [{ row, ...arrow(view.shape, a, b, from, to, axis, again) }];
  });
  return { width: 2 * edge + nz * planeWidth - PLANE_GAP, height: 2 * edge + (ny - 1) * PITCH + CHIP, chips, arrows };
}

function arrow(
  shape: readonly number[],
  a: Point,
  b: Point,
  from: number,
  to: number,
  axis: number,
  again: boolean,
): { from: Point; to: Point } {
  const stride = shape.slice(0, axis).reduce((product, side) => product * side, 1);
  const side = shape[axis] ?? 1;
  const step = (Math.floor(to / stride) % side) - (Math.floor(from / stride) % side);
  const around = again || Math.abs(step) > 1;
  const sign = (around ? -1 : 1) * Math.sign(step);
  if (axis === 2) return stub(a, { x: sign * 0.72, y: -sign * 0.72 });
  const along = axis === 0 ? { x: sign, y: 0 } : { x: 0, y: sign };
  if (around) return stub(a, along);
  // Each direction keeps to its right, as on a road.
  const aside = { x: -along.y * LANE, y: along.x * LANE };
  const reach = CHIP / 2 + 4;
  return {
    from: { x: a.x + along.x * reach + aside.x, y: a.y + along.y * reach + aside.y },
    to: { x: b.x - along.x * reach + aside.x, y: b.y - along.y * reach + aside.y },
  };
}

/** A short arrow out of the chip: a wire that leaves the drawing. */
function stub(a: Point, along: Point): { from: Point; to: Point } {
  const aside = { x: -along.y * LANE, y: along.x * LANE };
  const [near, far] = [CHIP / 2 + 4, CHIP / 2 + 34];
  return {
    from: { x: a.x + along.x * near + aside.x, y: a.y + along.y * near + aside.y },
    to: { x: a.x + along.x * far + aside.x, y: a.y + along.y * far + aside.y },
  };
}
