import { coordinatesOf, linkFrom, type Topology } from '../hardware/index.ts';

/**
 * Links from one chip to another of its slice, x before y before z: the shorter way round a closed side, forwards where both are as long. Of a plain grid:
 * no twist, no broken wire.
 */
export function dimensionOrderedRoute(topology: Topology, from: number, to: number): Uint32Array {
  const { shape, wrap, links } = topology;
  const target = coordinatesOf(shape, to);
  const route: number[] = [];
  let chip = from;
  for (const [axis, coordinate] of coordinatesOf(shape, from).entries()) {
    const forwards = (target[axis] - coordinate + shape[axis]) % shape[axis];
    const goesForwards = wrap[axis] ? 2 * forwards <= shape[axis] : target[axis] > coordinate;
    const hops = goesForwards || forwards === 0 ? forwards : shape[axis] - forwards;
    for (let left = hops; left > 0; left--) {
      const link = linkFrom(topology, chip, axis, goesForwards ? 1 : -1);
      route.push(link);
      chip = links.to[link];
    }
  }
  return Uint32Array.from(route);
}
