import { assert } from '../base/index.ts';
import { LinkKind, type LinkTable, type Topology } from '../hardware/index.ts';

/**
 * All shortest ways to one chip after the other, over the wires that are there. Chips are counted within their slice. What `towards` writes stays
 * until it is called again, by whomever: ask and look at once.
 */
export interface ShortestWays {
  readonly chips: number;
  /** Links by the chip that they leave: those of chip c are outLinks[outOffsets[c]] .. ; `outTo` has their other ends. */
  readonly outOffsets: Uint32Array;
  readonly outLinks: Uint32Array;
  readonly outTo: Uint32Array;
  /** [chips]: hops to the destination; -1 where it was not asked for, or no way leads there. */
  readonly hops: Int32Array;
  /** Links that lie on a shortest way, with their ends; those that end nearer to the destination come first. */
  readonly steps: () => number;
  readonly stepLinks: Uint32Array;
  readonly stepFrom: Uint32Array;
  readonly stepTo: Uint32Array;
  /** [chips]: steps that leave a chip. */
  readonly choices: Uint32Array;
  /**
   * Finds the ways to `destination` from all chips, or from those with something in `flow` [chips] and the chips that are nearer than the farthest of them.
   * Returns the hops of the farthest.
   */
  readonly towards: (destination: number, flow?: Float64Array) => number;
}

/** By link table and first chip: groups of one slice share what is made of its wires. */
const MADE = new WeakMap<LinkTable, Map<number, ShortestWays>>();

export function shortestWays(topology: Topology, firstChip: number): ShortestWays {
  const known = MADE.get(topology.links) ?? new Map<number, ShortestWays>();
  MADE.set(topology.links, known);
  const ways = known.get(firstChip) ?? waysOf(topology, firstChip);
  known.set(firstChip, ways);
  return ways;
}

/** Breadth first from the destination, against the direction of the links. */
function waysOf(topology: Topology, firstChip: number): ShortestWays {
  const chips = topology.chips / topology.slices;
  const { links } = topology;
  const out = linksByChip(topology, links.from, firstChip, chips);
  const into = linksByChip(topology, links.to, firstChip, chips);
  const { offsets: intoOffsets, rows: intoRows } = into;
  const inFrom = into.rows.map((row) => links.from[row] - firstChip);
  const hops = new Int32Array(chips);
  const order = new Uint32Array(chips);
  const choices = new Uint32Array(chips);
  const [stepLinks, stepFrom, stepTo] = [
    new Uint32Array(out.rows.length),
    new Uint32Array(out.rows.length),
    new Uint32Array(out.rows.length),
  ];
  let steps = 0;
  return {
    chips,
    outOffsets: out.offsets,
    outLinks: out.rows,
    outTo: out.rows.map((row) => links.to[row] - firstChip),
    hops,
    steps: () => steps,
    stepLinks,
    stepFrom,
    stepTo,
    choices,
    towards: (destination, flow) => {
      hops.fill(-1);
      choices.fill(0);
      hops[destination] = 0;
      order[0] = destination;
      let known = 1;
      let found = 0;
      let wanted = flow ? countOf(flow) - (flow[destination] > 0 ? 1 : 0) : chips;
      let farthest = 0;
      for (let i = 0; i < known; i++) {
        const chip = order[i];
        const away = hops[chip] + 1;
        // A chip that was met has more ways over others of this level, so the level is gone through.
        if (wanted === 0 && away > farthest) break;
        const end = intoOffsets[chip + 1];
        for (let e = intoOffsets[chip]; e < end; e++) {
          const from = inFrom[e];
          const before = hops[from];
          if (before >= 0 && before !== away) continue;
          if (before < 0) {
            hops[from] = away;
            order[known++] = from;
            if (flow === undefined || flow[from] > 0) {
              wanted--;
              farthest = away;
            }
          }
          stepLinks[found] = intoRows[e];
          stepFrom[found] = from;
          stepTo[found++] = chip;
          choices[from]++;
        }
      }
      steps = found;
      assert(flow === undefined || wanted === 0, `a way leads to chip ${firstChip + destination} of ${topology.name}`);
      return farthest;
    },
  };
}

function countOf(flow: Float64Array): number {
  let count = 0;
  for (let chip = 0; chip < flow.length; chip++) if (flow[chip] > 0) count++;
  return count;
}

/** Links between chips of the slice by one of their ends: those of chip c are rows[offsets[c]] .. rows[offsets[c + 1] - 1]. */
function linksByChip(
  { links }: Topology,
  ends: Uint32Array,
  firstChip: number,
  chips: number,
): { readonly offsets: Uint32Array; readonly rows: Uint32Array } {
  const isHere = (row: number) => links.kind[row] === LinkKind.ici && ends[row] >= firstChip && ends[row] < firstChip + chips;
  const offsets = new Uint32Array(chips + 1);
  for (let row = 0; row < links.count; row++) if (isHere(row)) offsets[ends[row] - firstChip + 1]++;
  for (let chip = 0; chip < chips; chip++) offsets[chip + 1] += offsets[chip];
  const next = offsets.slice();
  const rows = new Uint32Array(offsets[chips]);
  for (let row = 0; row < links.count; row++) if (isHere(row)) rows[next[ends[row] - firstChip]++] = row;
  return { offsets, rows };
}
