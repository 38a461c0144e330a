/** Where chips and links of a grid of up to three dimensions stand in a flat drawing. */
import type { LinksView } from '../report/index.ts';

export const CHIP = 46;
const PITCH = 104;
/** Between planes: a stub of each and some air, and above each plane its name. */
const PLANE_GAP = 92;
/** Room at the edge, with and without stubs of wires that leave the drawing. */
const EDGE = { closed: 46, open: 8 };
/** Distance of the two directions of a wire from its middle. */
const LANE = 7;
/** Planes stand in rows of about this width. */
const ROW_WIDTH = 1640;
const NAME_HEIGHT = 24;

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
  /** Of the planes of the third dimension; none where there are two. */
  readonly names: readonly { readonly text: string; readonly at: Point }[];
}

/** x runs to the right, y downwards; planes of the third dimension stand side by side, in rows. */
export function placeLinks(view: LinksView): Places {
  const [nx = 1, ny = 1, nz = 1] = view.shape;
  const edge = view.wrap.some(Boolean) || nz > 1 ? EDGE.closed : EDGE.open;
  const [planeWidth, planeHeight] = [(nx - 1) * PITCH + CHIP + PLANE_GAP, (ny - 1) * PITCH + CHIP + PLANE_GAP + NAME_HEIGHT];
  const rows = Math.ceil(nz / Math.max(1, Math.floor(ROW_WIDTH / planeWidth)));
  const columns = Math.ceil(nz / rows);
  const head = nz > 1 ? NAME_HEIGHT : 0;
  const corner = (z: number): Point => ({
    x: edge + (z % columns) * planeWidth,
    y: edge + head + Math.floor(z / columns) * planeHeight,
  });
  const chips: Point[] = [];
  for (let z = 0; z < nz; z++) {
    const { x: left, y: top } = corner(z);
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++) chips.push({ x: left + CHIP / 2 + x * PITCH, y: top + CHIP / 2 + y * PITCH });
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
    const direction = view.direction === undefined ? null : Number(cells[view.direction]);
    const [a, b] = [chips[from], chips[to]];
    return a === undefined || b === undefined ? [] : [{ row, ...arrow(a, b, stepOf(view.shape, from, to, axis, again, direction)) }];
  });
  return {
    width: 2 * edge + columns * planeWidth - PLANE_GAP,
    height: 2 * edge + head + (rows - 1) * planeHeight + (ny - 1) * PITCH + CHIP,
    chips,
    arrows,
    names:
      nz > 1 ? Array.from({ length: nz }, (_, z) => ({ text: `z = ${z}`, at: { x: corner(z).x - edge + 4, y: corner(z).y - edge } })) : [],
  };
}

interface Step {
  readonly axis: number;
  /** 1 towards larger coordinates, or over the wrap from the last to the first. */
  readonly sign: number;
  readonly around: boolean;
}

/** Which way a link goes. Where the table does not say, the ends tell: nobody but a wire around the ring goes farther than to the next chip. */
function stepOf(shape: readonly number[], from: number, to: number, axis: number, again: boolean, direction: number | null): Step {
  const stride = shape.slice(0, axis).reduce((product, side) => product * side, 1);
  const side = shape[axis] ?? 1;
  const at = Math.floor(from / stride) % side;
  if (direction !== null) return { axis, sign: direction, around: direction > 0 ? at === side - 1 : at === 0 };
  const step = (Math.floor(to / stride) % side) - at;
  const around = again || Math.abs(step) > 1;
  return { axis, sign: (around ? -1 : 1) * Math.sign(step), around };
}

function arrow(a: Point, b: Point, { axis, sign, around }: Step): { from: Point; to: Point } {
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
