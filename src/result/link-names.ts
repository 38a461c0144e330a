import type { CollectiveWires, LinkPlace } from './collective-result.ts';

const AXES = ['x', 'y', 'z'];

/** `chip 5 (1,1,0)`, `host 3`, `network`. */
function endName(end: number, { shape, chips, slices, hosts }: CollectiveWires): string {
  if (end >= chips + hosts) return 'network';
  if (end >= chips) return `host ${end - chips}`;
  const perSlice = chips / slices;
  let rest = end % perSlice;
  const at = shape.map((side) => {
    const coordinate = rest % side;
    rest = (rest - coordinate) / side;
    return coordinate;
  });
  return `chip ${end} (${at.join(',')}${slices > 1 ? ` of slice ${Math.floor(end / perSlice)}` : ''})`;
}

/** `x+`: towards larger coordinates, or over the wrap from the last to the first. Only links between chips have one. */
export function directionName({ axis, direction }: LinkPlace): string {
  return `${AXES[axis] ?? ''}${direction > 0 ? '+' : '−'}`;
}

/** `chip 0 (0,0) to chip 1 (1,0), x+`. */
export function linkName(link: LinkPlace, wires: CollectiveWires): string {
  const ends = `${endName(link.from, wires)} to ${endName(link.to, wires)}`;
  return link.axis < wires.shape.length ? `${ends}, ${directionName(link)}` : ends;
}
