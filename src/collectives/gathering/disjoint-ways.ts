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
export function createWayFinder(graph: ArcGraph, root: number, count: number): WayFinder {
  const { vertices, from, to } = graph;
  const all = (1 << count) - 1;
  const held: Held = {
    taken: new Uint8Array(from.length),
    reachedBy: new Uint32Array(vertices),
    out: rowsBy(from, vertices),
    into: rowsBy(to, vertices),
  };
  held.reachedBy[root] = all;
  const units = createUnits(graph, held, count);
  const mayTake = (tree: number, arc: number): boolean => {
    // Trees that have the end give it their units; none comes from the tree itself.
    const unused = all & ~held.reachedBy[to[arc]] & ~(1 << tree);
    units.begin(arc, unused);
    for (let missing = bitsOf(unused); missing > 0; missing--) if (!units.add(to[arc], from[arc])) return false;
    return true;
  };
  return {
    outOffsets: held.out.offsets,
    outArcs: held.out.arcs,
    take(tree, arc) {
      const bit = 1 << tree;
      if (held.taken[arc] === 1 || (held.reachedBy[to[arc]] & bit) !== 0 || !mayTake(tree, arc)) return false;
      held.taken[arc] = 1;
      held.reachedBy[to[arc]] |= bit;
      return true;
    },
  };
}

/** What trees have, and the arcs at every vertex. */
interface Held {
  /** [arcs]: 1 for those of some tree. */
  readonly taken: Uint8Array;
  /** [vertices]: bit per tree. */
  readonly reachedBy: Uint32Array;
  readonly out: ArcRows;
  readonly into: ArcRows;
}

/** Units that flow to one vertex, over arcs that no tree has taken. */
interface Units {
  /** From now on only the unit over `arc` flows, and of the trees in `unused` none has sent its own. */
  begin(arc: number, unused: number): void;
  /** One more unit to `sink`, from vertex `source` or from a tree without a unit; false when there is no way for it. */
  add(sink: number, source: number): boolean;
}

function createUnits(graph: ArcGraph, held: Held, count: number): Units {
  const flowing: Flowing = { arcs: new Uint8Array(graph.from.length), exits: new Int32Array(count), unused: 0 };
  const { arcs, exits } = flowing;
  const { beginOfWay, over, next } = createSearch(graph, held, flowing);
  const touched: number[] = [];
  const flow = (arc: number): void => {
    arcs[arc] = 1;
    touched.push(arc);
  };
  return {
    begin(arc, unused) {
      for (const used of touched) arcs[used] = 0;
      touched.length = 0;
      exits.fill(graph.to[arc]);
      flowing.unused = unused;
      flow(arc);
    },
    add(sink, source) {
      const start = beginOfWay(sink, source);
      if (start < 0) return false;
      if (start !== source) {
        const tree = 31 - Math.clz32(held.reachedBy[start] & flowing.unused);
        flowing.unused &= ~(1 << tree);
        exits[tree] = start;
      }
      for (let vertex = start; vertex !== sink; vertex = next[vertex]) {
        const way = over[vertex];
        if (way >= arcs.length) exits[way - arcs.length] = next[vertex];
        else if (way < 0) arcs[~way] = 0;
        else flow(way);
      }
      return true;
    },
  };
}

/** Units on their ways. */
interface Flowing {
  /** [arcs]: 1 where one flows. */
  readonly arcs: Uint8Array;
  /** [trees]: the vertex where the unit of a tree comes from. */
  readonly exits: Int32Array;
  /** Bit per tree without a unit. */
  unused: number;
}

interface Search {
  /** The vertex where a way to `sink` begins, searched backwards: `source`, or one of a tree without a unit; -1 when there is none. */
  beginOfWay(sink: number, source: number): number;
  /** [vertices]: how the search came to a vertex: over an arc, back over one (~arc) that flows, or where the unit of a tree leaves (arcs + tree). */
  readonly over: Int32Array;
  /** [vertices]: the next one on the way. */
  readonly next: Int32Array;
}

function createSearch({ vertices, from, to }: ArcGraph, { taken, reachedBy, out, into }: Held, flowing: Flowing): Search {
  const { arcs: flows, exits } = flowing;
  const over = new Int32Array(vertices);
  const next = new Int32Array(vertices);
  const seen = new Uint32Array(vertices);
  let search = 0;
  const queue = new Uint32Array(vertices);
  let tail = 0;
  /** Whether a way begins at this vertex. */
  const visit = (vertex: number, after: number, way: number, source: number): boolean => {
    if (seen[vertex] === search) return false;
    seen[vertex] = search;
    over[vertex] = way;
    next[vertex] = after;
    queue[tail++] = vertex;
    return vertex === source || (reachedBy[vertex] & flowing.unused) !== 0;
  };
  const beginOfWay = (sink: number, source: number): number => {
    search++;
    seen[sink] = search;
    queue[0] = sink;
    tail = 1;
    for (let head = 0; head < tail; head++) {
      const here = queue[head];
      for (let i = into.offsets[here]; i < into.offsets[here + 1]; i++) {
        const arc = into.arcs[i];
        if (taken[arc] === 0 && flows[arc] === 0 && visit(from[arc], here, arc, source)) return from[arc];
      }
      if (here === sink) continue;
      for (let i = out.offsets[here]; i < out.offsets[here + 1]; i++) {
        const arc = out.arcs[i];
        if (flows[arc] === 1 && visit(to[arc], here, ~arc, source)) return to[arc];
      }
      for (let tree = 0; tree < exits.length; tree++) {
        const exit = exits[tree];
        if ((reachedBy[here] & (1 << tree)) !== 0 && visit(exit, here, flows.length + tree, source)) return exit;
      }
    }
    return -1;
  };
  return { beginOfWay, over, next };
}

/** Compressed rows: arcs by one of their ends. */
interface ArcRows {
  readonly offsets: Uint32Array;
  readonly arcs: Uint32Array;
}

function rowsBy(ends: Uint32Array, vertices: number): ArcRows {
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
