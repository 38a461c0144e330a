import { permutations } from '../../../base/index.ts';
import { coordinatesOf } from '../../../hardware/index.ts';
import type { OrderedRouting } from '../../plan.ts';
import type { FindRoutes } from '../choose-routing.ts';
import type { GridCells } from './cells.ts';

/**
 * Ways between two cells by orders of the dimensions: one per order in which the dimensions that differ can be crossed, and two halves wherever
 * both ways round a ring are equally long.
 */
export function orderedRoutes(cells: GridCells, routing: OrderedRouting): FindRoutes {
  return (from, to, emit) => {
    const [start, end] = [coordinatesOf(cells.sides, from), coordinatesOf(cells.sides, to)];
    const differing = start.flatMap((at, k) => (at === end[k] ? [] : [k]));
    const orders = routing === 'all-orders' ? permutations(differing) : [differing];
    const links: number[] = [];
    const cross = (order: readonly number[], cell: number, share: number): void => {
      if (order.length === 0) {
        emit(share, links);
        return;
      }
      const [k, ...rest] = order;
      const ways = waysAlong(cells, k, start[k], end[k]);
      for (const way of ways) {
        const before = links.length;
        const reached = cell + (end[k] - start[k]) * cells.strides[k];
        addLinks(links, cells, k, cells.chips[cell], way, cells.chips[reached]);
        cross(rest, reached, share / ways.length);
        links.length = before;
      }
    };
    for (const order of orders) cross(order, from, 1 / orders.length);
  };
}

/** 0 forwards, 1 backwards. */
function waysAlong({ grid, sides }: GridCells, k: number, from: number, to: number): readonly (0 | 1)[] {
  if (!grid.axes[k].ring) return to > from ? [0] : [1];
  const ahead = 2 * ((to - from + sides[k]) % sides[k]);
  if (ahead === sides[k]) return [0, 1];
  return ahead < sides[k] ? [0] : [1];
}

function addLinks(links: number[], { grid }: GridCells, k: number, from: number, way: 0 | 1, to: number): void {
  const { links: table, shape } = grid.topology;
  const { axis } = grid.axes[k];
  for (let chip = from; chip !== to; ) {
    const row = table.leaving[(chip * shape.length + axis) * 2 + way];
    links.push(row);
    chip = table.to[row];
  }
}
