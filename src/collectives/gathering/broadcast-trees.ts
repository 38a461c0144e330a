import { disjointTrees } from './disjoint-trees.ts';
import type { HopTable } from './hop-table.ts';

/** How one array reaches all chips of a grid: every tree takes an equal part of it. */
export interface BroadcastTrees {
  /** Hops of every tree, outwards: each begins at the root or where an earlier one ended. */
  readonly trees: readonly Uint32Array[];
  /** Chips passed, and links, on the longest way down a tree. */
  readonly deepest: number;
  readonly longest: number;
}

/**
 * Trees of which no two use one wire in the same direction, in each slice as many (where wires are broken in one, as many as there), and no more than `most`. The fewest links
 * out of the root or into another chip mostly say how many: all 2 D of a torus of D dimensions, twisted or not, so that every chip takes in equal parts over all its links
 * at once, and nothing moves more. One alone is a tree of shortest ways. Hops that would go round a broken wire count only where the group falls apart without them.
 */
export function broadcastTrees(tables: readonly HopTable[], root: number, most?: number): BroadcastTrees[] {
  const [first] = tables;
  // Slices without a broken wire are alike.
  const packed = first.grid.topology.uniform
    ? tables.map(always(treesOf(first, root, most)))
    : tables.map((table) => treesOf(table, root, most));
  const fewest = packed.reduce((least, trees) => Math.min(least, trees.length), Number.POSITIVE_INFINITY);
  return packed.map((trees, slice) => measured(tables[slice], trees.length === fewest ? trees : treesOf(tables[slice], root, fewest)));
}

function always<T>(value: T): () => T {
  return () => value;
}

function treesOf(table: HopTable, root: number, most?: number): Uint32Array[] {
  const hops = Uint32Array.from(table.ends.keys()).filter((hop) => table.ends[hop] >= 0);
  const straight = hops.filter((hop) => isStraight(table, hop));
  const trees = packed(table, straight, root, most);
  return trees.length > 0 ? trees : packed(table, hops, root, most);
}

function packed({ grid, ends }: HopTable, hops: Uint32Array, root: number, most?: number): Uint32Array[] {
  const graph = { vertices: grid.chips, from: hops.map((hop) => (hop >> 1) % grid.chips), to: hops.map((hop) => ends[hop]) };
  return disjointTrees(graph, root, most).map((arcs) => arcs.map((arc) => hops[arc]));
}

/** Goes over its own wires only. */
function isStraight({ offsets, links, grid }: HopTable, hop: number): boolean {
  const { axis, direction } = grid.topology.links;
  const along = grid.axes[Math.floor(hop / (2 * grid.chips))].axis;
  const way = links.subarray(offsets[hop], offsets[hop + 1]);
  return way.every((link) => axis[link] === along && direction[link] === ((hop & 1) === 0 ? 1 : -1));
}

function measured({ grid, ends, offsets }: HopTable, trees: readonly Uint32Array[]): BroadcastTrees {
  const [depth, length] = [new Uint32Array(grid.chips), new Uint32Array(grid.chips)];
  let [deepest, longest] = [0, 0];
  for (const hops of trees) {
    // The root stays at 0; every other chip is written before it is read.
    for (const hop of hops) {
      const [from, to] = [(hop >> 1) % grid.chips, ends[hop]];
      depth[to] = depth[from] + 1;
      length[to] = length[from] + offsets[hop + 1] - offsets[hop];
      deepest = Math.max(deepest, depth[to]);
      longest = Math.max(longest, length[to]);
    }
  }
  return { trees, deepest, longest };
}
