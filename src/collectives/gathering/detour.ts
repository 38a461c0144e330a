import { assert } from '../../base/index.ts';
import type { Topology } from '../../hardware/index.ts';

/** A shortest way between two chips of a slice over the wires that work: rows of links in order, the same one each time. */
export function detour(topology: Topology, from: number, to: number): number[] {
  const ports = topology.shape.length * 2;
  const { leaving, to: ends, from: starts } = topology.links;
  const arrivedBy = new Map<number, number>([[from, -1]]);
  const queue = [from];
  for (let head = 0; head < queue.length && !arrivedBy.has(to); head++) {
    const chip = queue[head];
    for (let port = 0; port < ports; port++) {
      const row = leaving[chip * ports + port];
      if (row < 0 || arrivedBy.has(ends[row])) continue;
      arrivedBy.set(ends[row], row);
      queue.push(ends[row]);
    }
  }
  const way: number[] = [];
  for (let chip = to; chip !== from; ) {
    const row = arrivedBy.get(chip) ?? -1;
    assert(row >= 0, `chips ${from} and ${to} are joined`);
    way.push(row);
    chip = starts[row];
  }
  return way.reverse();
}
