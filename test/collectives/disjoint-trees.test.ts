import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { broadcastTrees } from '../../src/collectives/gathering/broadcast-trees.ts';
import { type ArcGraph, disjointTrees } from '../../src/collectives/gathering/disjoint-trees.ts';
import { hopTable } from '../../src/collectives/gathering/hop-table.ts';
import { memberGroup } from '../../src/collectives/gathering/member-group.ts';
import type { Topology } from '../../src/hardware/index.ts';
import { twistedWires, wires } from './cases.ts';

const graphs = fc.integer({ min: 1, max: 7 }).chain((vertices) => {
  const vertex = fc.nat(vertices - 1);
  return fc.record({ vertices: fc.constant(vertices), root: vertex, arcs: fc.array(fc.tuple(vertex, vertex), { maxLength: 30 }) });
});

/** Arcs into the set of vertices, other than the root's, that has the fewest: how many trees there can be, by Edmonds' theorem. */
function smallestCut({ vertices, from, to }: ArcGraph, root: number): number {
  let fewest = Number.POSITIVE_INFINITY;
  for (let set = 1; set < 2 ** vertices; set++) {
    const holds = (vertex: number) => ((set >> vertex) & 1) === 1;
    if (!holds(root)) fewest = Math.min(fewest, Array.from(from).filter((start, arc) => !holds(start) && holds(to[arc])).length);
  }
  return fewest;
}

/** Every arc begins where the tree has been and ends where it has not, and no arc is in two trees. */
function expectDisjointTrees(trees: readonly Uint32Array[], { vertices, from, to }: ArcGraph, root: number): void {
  for (const arcs of trees) {
    const reached = new Set([root]);
    const astray = arcs.filter((arc) => {
      const grows = reached.has(from[arc]) && !reached.has(to[arc]);
      reached.add(to[arc]);
      return !grows;
    });
    expect(Array.from(astray)).toEqual([]);
    expect(reached.size).toBe(vertices);
  }
  const arcs = trees.flatMap((tree) => Array.from(tree));
  expect(new Set(arcs).size).toBe(arcs.length);
}

describe('on graphs of any kind', () => {
  test('there are as many trees as arcs cross the smallest cut', () => {
    let several = 0;
    fc.assert(
      fc.property(graphs, ({ vertices, root, arcs }) => {
        const graph = { vertices, from: Uint32Array.from(arcs, ([start]) => start), to: Uint32Array.from(arcs, ([, end]) => end) };
        const trees = disjointTrees(graph, root);
        expectDisjointTrees(trees, graph, root);
        if (vertices > 1) expect(trees.length).toBe(smallestCut(graph, root));
        if (trees.length > 1) several++;
      }),
      { seed: 3, numRuns: 3000 },
    );
    expect(several).toBeGreaterThan(200);
  });

  test('also where the unit of a tree must leave it elsewhere to make way for another, as one graph of thousands needs', () => {
    const graph = {
      vertices: 5,
      from: Uint32Array.from([1, 2, 4, 3, 4, 0, 1, 2, 4, 2, 4, 4, 1, 0, 0, 0, 0, 0, 4, 2, 4, 1, 0, 3, 0, 3]),
      to: Uint32Array.from([1, 2, 4, 4, 1, 3, 4, 0, 3, 2, 2, 3, 3, 1, 2, 2, 3, 4, 1, 2, 4, 3, 0, 0, 0, 3]),
    };
    const trees = disjointTrees(graph, 0);
    expectDisjointTrees(trees, graph, 0);
    expect([trees.length, smallestCut(graph, 0)]).toEqual([3, 3]);
  });

  test('fewer where fewer are asked for', () => {
    const pair = { vertices: 2, from: Uint32Array.from([0, 0, 0, 1]), to: Uint32Array.from([1, 1, 1, 0]) };
    expect(disjointTrees(pair, 0).length).toBe(3);
    expect(disjointTrees(pair, 0, 2).length).toBe(2);
    expect(disjointTrees(pair, 1).length).toBe(1);
  });
});

describe('on the wires of a slice', () => {
  const treesOf = (topology: Topology, root: number) => {
    const { grids, members, chips } = memberGroup(
      topology,
      Uint32Array.from({ length: topology.devices }, (_, device) => device),
    );
    const table = hopTable(grids[0], members);
    const hops = Uint32Array.from(table.ends.keys());
    const graph = {
      vertices: chips,
      from: hops.map((hop) => (hop >> 1) % chips),
      to: Uint32Array.from(table.ends, (end) => Math.max(end, 0)),
    };
    const [spread] = broadcastTrees([table], root);
    expectDisjointTrees(spread.trees, graph, root);
    return spread;
  };

  test.each([
    [[8], 2, 7],
    [[4, 4], 4, 7],
    [[4, 8], 4, 10],
    [[8, 16], 4, 20],
    [[4, 4, 4], 6, 7],
    [[4, 4, 8], 6, 12],
    [[8, 8, 8], 6, 15],
    [[16, 16, 16], 6, 31],
  ])('torus %j: %d trees, none deeper than %d hops', (shape, count, depth) => {
    for (const root of [0, shape[0] - 1]) {
      const { trees, deepest, longest } = treesOf(wires(shape, true), root);
      expect([trees.length, longest]).toEqual([count, deepest]);
      expect(deepest).toBeLessThanOrEqual(depth);
    }
  });

  test.each([
    [[4, 8], 7],
    [[4, 4, 8], 8],
    [[4, 8, 8], 9],
    [[8, 8, 16], 16],
  ])('twisted torus %j: as many trees as a chip has links, none deeper than %d hops', (shape, depth) => {
    const { trees, deepest } = treesOf(twistedWires(shape), 5);
    expect(trees.length).toBe(2 * shape.length);
    expect(deepest).toBeLessThanOrEqual(depth);
  });

  test('a mesh has as many as its corners have links, a torus one fewer per broken wire of a chip', () => {
    expect(treesOf(wires([4, 4, 4], false), 21).trees.length).toBe(3);
    expect(treesOf(wires([4, 4], true, { brokenLinks: [[5, 6]] }), 0).trees.length).toBe(3);
    const twoOfOne = wires([4, 4], true, {
      brokenLinks: [
        [5, 6],
        [5, 9],
      ],
    });
    expect(treesOf(twoOfOne, 0).trees.length).toBe(2);
  });
});
