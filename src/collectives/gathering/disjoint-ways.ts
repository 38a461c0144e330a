import type { ArcGraph } from './disjoint-trees.ts';

/** Arcs that no tree has yet, and which vertices every tree has reached. */
export interface WayFinder {
  /** Gives an arc to a tree that has reached its start and not its end, unless other trees could then no longer be completed. */
  take(tree: number, arc: number): boolean;
  /** Compressed rows: arcs that leave a vertex. */
  readonly outOffsets: Uint32Array;
  readonly outArcs: Uint32Array;
}

/**
 * Whether an arc from x to y may go to tree i: every set of vertices that holds y and a vertex of tree i, and not x, must have an arc to spare, that is
 * (arcs into it) + (trees that have reached a part of it) > `count`. By the theorem of Ford and Fulkerson that is so if `count` units can flow to y
 * from x and from the other trees, one from each tree, out of any vertex that it has reached: one over the arc itself, one from every tree
 * that has y, and the others by ways that are searched for backwards from y (most are a few arcs long).
 */
export function createWayFinder({ vertices, from, to }: ArcGraph, root: number, count: number): WayFinder {
  const { offsets: outOffsets, arcs: outArcs } = rowsBy(from, vertices);
  const { offsets: inOffsets, arcs: inArcs } = rowsBy(to, vertices);
  const taken = new Uint8Array(from.length);
  /** [vertices]: bit per tree. */
  const reachedBy = new Uint32Array(vertices);
  const all = 2 ** count - 1;
  reachedBy[root] = all;
  const flows = new Uint8Array(from.length);
  const touched: number[] = [];
  /** [trees]: the vertex where the unit of a tree comes from, or -1. */
  const exits = new Int32Array(count);
  const seen = new Uint32Array(vertices);
  /** Trees without a unit. */
  let unused = 0;
  let search = 0;
  const queue = new Uint32Array(vertices);
  /** [vertices]: how the search came to a vertex: over an arc it leaves, back over one that flows into it, or because a tree's unit leaves there. */
  const over = new Int32Array(vertices);
  const next = new Int32Array(vertices);
  const OF_TREE = from.length;

  /** One more unit to `sink`, from vertex `source` or from a tree without a unit. */
  const findWay = (sink: number, source: number): boolean => {
    search++;
    seen[sink] = search;
    queue[0] = sink;
    let tail = 1;
    /** Whether a way begins at this vertex. */
    const visit = (vertex: number, after: number, way: number): boolean => {
      if (seen[vertex] === search) return false;
      seen[vertex] = search;
      over[vertex] = way;
      next[vertex] = after;
      queue[tail++] = vertex;
      return vertex === source || (reachedBy[vertex] & unused) !== 0;
    };
    for (let head = 0; head < tail; head++) {
      const here = queue[head];
      for (let i = inOffsets[here]; i < inOffsets[here + 1]; i++) {
        const arc = inArcs[i];
        if (taken[arc] === 0 && flows[arc] === 0 && visit(from[arc], here, arc)) return flowFrom(from[arc], source, sink);
      }
      if (here === sink) continue;
      for (let i = outOffsets[here]; i < outOffsets[here + 1]; i++) {
        const arc = outArcs[i];
        if (flows[arc] === 1 && visit(to[arc], here, ~arc)) return flowFrom(to[arc], source, sink);
      }
      for (let tree = 0; tree < count; tree++) {
        const exit = exits[tree];
        if ((reachedBy[here] & (1 << tree)) !== 0 && visit(exit, here, OF_TREE + tree)) return flowFrom(exit, source, sink);
      }
    }
    return false;
  };
  const flowFrom = (start: number, source: number, sink: number): true => {
    if (start !== source) {
      const tree = 31 - Math.clz32(reachedBy[start] & unused);
      unused &= ~(1 << tree);
      exits[tree] = start;
    }
    for (let vertex = start; vertex !== sink; vertex = next[vertex]) {
      const way = over[vertex];
      if (way >= OF_TREE) exits[way - OF_TREE] = next[vertex];
      else if (way < 0) flows[~way] = 0;
      else {
        flows[way] = 1;
        touched.push(way);
      }
    }
    return true;
  };

  const mayTake = (tree: number, arc: number): boolean => {
    const [start, end] = [from[arc], to[arc]];
    // Trees that have y give it their units; none comes from the tree itself.
    exits.fill(end);
    unused = all & ~reachedBy[end] & ~(1 << tree);
    let missing = bitsOf(unused);
    flows[arc] = 1;
    touched.push(arc);
    while (missing > 0 && findWay(end, start)) missing--;
    for (const used of touched) flows[used] = 0;
    touched.length = 0;
    return missing === 0;
  };

  return {
    outOffsets,
    outArcs,
    take(tree, arc) {
      const bit = 1 << tree;
      if (taken[arc] === 1 || (reachedBy[to[arc]] & bit) !== 0 || !mayTake(tree, arc)) return false;
      taken[arc] = 1;
      reachedBy[to[arc]] |= bit;
      return true;
    },
  };
}

/** Compressed rows: arcs by one of their ends. */
function rowsBy(ends: Uint32Array, vertices: number): { readonly offsets: Uint32Array; readonly arcs: Uint32Array } {
  const offsets = new Uint32Array(vertices + 1);
  for (const end of ends) offsets[end + 1]++;
  for (let vertex = 0; vertex < vertices; vertex++) offsets[vertex + 1] += offsets[vertex];
  const arcs = new Uint32Array(ends.length);
  const next = offsets.slice();
  for (const [arc, end] of ends.entries()) arcs[next[end]++] = arc;
  return { offsets, arcs };
}

function bitsOf(set: number): number {
  let bits = 0;
  for (let rest = set; rest !== 0; rest &= rest - 1) bits++;
  return bits;
}
