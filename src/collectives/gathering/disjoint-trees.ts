import { createWayFinder } from './disjoint-ways.ts';

/** Directed arcs between vertices 0 .. vertices - 1; several may join the same two. */
export interface ArcGraph {
  readonly vertices: number;
  readonly from: Uint32Array;
  readonly to: Uint32Array;
}

/**
 * As many spanning trees out of `root` as there can be of which no two share an arc: as many as arcs cross the smallest cut away from the root
 * (Edmonds, Edge-disjoint branchings, 1973); each lists its arcs outwards, so that an arc begins where an earlier one ended. None where a vertex is
 * out of reach. `most`: no more than these.
 *
 * All trees grow at once, the shallowest first, an arc at a time (Lovasz, On two theorems in graph theory, 1976). A set of vertices must keep an arc
 * into it for every tree that has not reached it. An arc that would take one too many is given up for good, because such a set stays one; so every
 * tree looks at every arc once. Trees can be completed while all sets have their arcs; where some had too few from the start, one tree
 * fewer is tried.
 */
export function disjointTrees(graph: ArcGraph, root: number, most = Number.POSITIVE_INFINITY): Uint32Array[] {
  for (let count = Math.min(most, fewestArcs(graph, root)); count > 0; count--) {
    const trees = grownTrees(graph, root, count);
    if (trees.every((arcs) => arcs.length === graph.vertices - 1)) return trees;
  }
  return [];
}

/** Out of the root, and into every other vertex. */
function fewestArcs({ vertices, from, to }: ArcGraph, root: number): number {
  const arcs = new Uint32Array(vertices);
  for (let arc = 0; arc < from.length; arc++) {
    if (from[arc] === root) arcs[root]++;
    if (to[arc] !== root) arcs[to[arc]]++;
  }
  return arcs.reduce((fewest, count) => Math.min(fewest, count));
}

interface Growing {
  readonly arcs: Uint32Array;
  count: number;
  /** Arcs out of reached vertices, in the order in which those were reached. */
  readonly queue: Uint32Array;
  head: number;
  tail: number;
  /** [vertices]: arcs from the root. */
  readonly depth: Int32Array;
}

function grownTrees(graph: ArcGraph, root: number, count: number): Uint32Array[] {
  const { vertices, from, to } = graph;
  const ways = createWayFinder(graph, root, count);
  const { outOffsets, outArcs } = ways;
  const trees = Array.from({ length: count }, (): Growing => {
    const [arcs, queue, depth] = [new Uint32Array(vertices - 1), new Uint32Array(from.length), new Int32Array(vertices)];
    return { arcs, count: 0, queue, head: 0, tail: 0, depth };
  });
  const reach = (i: number, vertex: number): void => {
    const [first, arcs] = [outOffsets[vertex], outOffsets[vertex + 1] - outOffsets[vertex]];
    for (let k = 0; k < arcs; k++) trees[i].queue[trees[i].tail++] = outArcs[first + ((i + k) % arcs)];
  };
  for (const i of trees.keys()) reach(i, root);
  for (let depth = 0, left = count; left > 0; depth++) {
    left = 0;
    // One arc each in turn, as long as a tree has some that begin at this depth.
    for (let some = true; some; ) {
      some = false;
      for (const [i, tree] of trees.entries()) {
        while (tree.head < tree.tail && tree.depth[from[tree.queue[tree.head]]] === depth) {
          const arc = tree.queue[tree.head++];
          if (!ways.take(i, arc)) continue;
          tree.arcs[tree.count++] = arc;
          tree.depth[to[arc]] = depth + 1;
          reach(i, to[arc]);
          some = true;
          break;
        }
      }
    }
    for (const tree of trees) if (tree.head < tree.tail) left++;
  }
  return trees.map(({ arcs, count: grown }) => arcs.subarray(0, grown));
}
