import type { Topology } from '../../src/hardware/index.ts';

/** [chips]: hops from one chip to each, over links between chips; -1 where no way leads. Breadth first over the rows, without `leaving`. */
export function hopsFrom(topology: Topology, start: number): Int32Array {
  const { links, chips } = topology;
  const hops = new Int32Array(chips).fill(-1);
  hops[start] = 0;
  for (let distance = 0, grew = true; grew; distance++) {
    grew = false;
    for (let row = 0; row < links.count; row++) {
      const [from, to] = [links.from[row], links.to[row]];
      if (from >= chips || to >= chips || hops[from] !== distance || hops[to] >= 0) continue;
      hops[to] = distance + 1;
      grew = true;
    }
  }
  return hops;
}

/** Mean over all pairs, a chip and itself among them, and the longest. */
export function distancesOf(topology: Topology): { readonly mean: number; readonly diameter: number } {
  let sum = 0;
  let diameter = 0;
  for (let chip = 0; chip < topology.chips; chip++) {
    for (const hops of hopsFrom(topology, chip)) {
      sum += hops;
      diameter = Math.max(diameter, hops);
    }
  }
  return { mean: sum / topology.chips ** 2, diameter };
}
