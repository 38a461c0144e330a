import { assert } from '../../base/index.ts';
import { LinkKind, type Topology } from '../../hardware/index.ts';

/**
 * All shortest ways to one chip after the other, over the wires that are there. Chips are counted within their slice. What `towards` writes stays
 * until it is called again.
 */
export interface ShortestWays {
  readonly chips: number;
  /** Links by the chip that they leave: those of chip c are outLinks[outOffsets[c]] .. ; `outTo` has their other ends. */
  readonly outOffsets: Uint32Array;
  readonly outLinks: Uint32Array;
  readonly outTo: Uint32Array;
  /** [chips]: hops to the destination; -1 where it was not asked for, or no way leads there. */
  readonly hops: Int32Array;
  /** Chips from the destination outwards; the first `towards()` of them are known. */
  readonly order: Uint32Array;
  /** Finds the hops to `destination`: of all chips, or until `enough` of those with a mark were met. Returns how many chips are known. */
  readonly towards: (destination: number, marks?: Uint8Array, enough?: number) => number;
}

/** Breadth first from the destination, against the direction of the links. */
export function shortestWays(topology: Topology, firstChip: number): ShortestWays {
  const chips = topology.chips / topology.slices;
  const { links } = topology;
  const rows: number[] = [];
  for (let row = 0; row < links.count; row++) {
    if (links.kind[row] === LinkKind.ici && links.from[row] >= firstChip && links.from[row] < firstChip + chips) rows.push(row);
  }
  const out = byChip(rows, links.from, firstChip, chips);
  const into = byChip(rows, links.to, firstChip, chips);
  const inFrom = into.links.map((row) => links.from[row] - firstChip);
  const hops = new Int32Array(chips);
  const order = new Uint32Array(chips);
  return {
    chips,
    outOffsets: out.offsets,
    outLinks: out.links,
    outTo: out.links.map((row) => links.to[row] - firstChip),
    hops,
    order,
    towards: (destination, marks, enough = chips) => {
      hops.fill(-1);
      hops[destination] = 0;
      order[0] = destination;
      let known = 1;
      let met = marks?.[destination] ?? 0;
      for (let i = 0; i < known && met < enough; i++) {
        const chip = order[i];
        for (let e = into.offsets[chip]; e < into.offsets[chip + 1]; e++) {
          const from = inFrom[e];
          if (hops[from] >= 0) continue;
          hops[from] = hops[chip] + 1;
          order[known++] = from;
          if (marks) met += marks[from];
        }
      }
      assert(marks === undefined || met >= enough, `a way leads to chip ${firstChip + destination} of ${topology.name}`);
      return known;
    },
  };
}

function byChip(
  rows: readonly number[],
  ends: Uint32Array,
  firstChip: number,
  chips: number,
): { readonly offsets: Uint32Array; readonly links: Uint32Array } {
  const offsets = new Uint32Array(chips + 1);
  for (const row of rows) offsets[ends[row] - firstChip + 1]++;
  for (let chip = 0; chip < chips; chip++) offsets[chip + 1] += offsets[chip];
  const next = offsets.slice();
  const links = new Uint32Array(rows.length);
  for (const row of rows) links[next[ends[row] - firstChip]++] = row;
  return { offsets, links };
}
