import type { HopTable } from './hop-table.ts';

/** A spanning tree from chip 0: chip `places[i]` is reached at i, from the chip at `parents[i]` through port `ports[i]`; parents stand before. */
export interface Tree {
  readonly places: Uint32Array;
  readonly parents: Int32Array;
  readonly ports: Int8Array;
}

/** Ports of a chip: 2 per dimension, forwards and backwards, as the hops of `HopTable` have them. */
export interface BalancedTrees {
  readonly trees: readonly Tree[];
  /** Edges through each port, all trees together. */
  readonly hopsPerPort: readonly number[];
  readonly depth: number;
}

/**
 * A twisted torus looks the same from every chip, so the tree of one owner, moved along, is a tree of any other, and a link carries one block per
 * edge of its direction, whatever the owners. Trees of shortest ways whose edges are spread evenly over the directions therefore load all links
 * equally. Which port a chip is reached through can be chosen freely among those of shortest ways, so the most even choice is a flow: start with
 * the least used port, then move chips from full ports to emptier ones along chains of chips that can change (Harvey et al., Semi-matchings for
 * bipartite graphs and load balancing, 2003). As many trees as ports make the counts divide.
 */
export function balancedTrees(hops: HopTable): BalancedTrees {
  const ports = 2 * hops.sides.length;
  const { order, distance } = chipsByDistance(hops);
  const { chips } = hops.grid;
  // Slot t * chips + i is the i-th reached chip in tree t.
  const chosen = new Int8Array(ports * chips).fill(-1);
  const used = new Array<number>(ports).fill(0);
  const options = Array.from(order, (chip) => reachedThrough(hops, distance, chip));
  for (let slot = 0; slot < chosen.length; slot++) {
    if (slot % chips === 0) continue;
    const best = options[slot % chips].reduce((least, port) => (used[port] < used[least] ? port : least));
    chosen[slot] = best;
    used[best]++;
  }
  balance(chosen, used, (slot) => options[slot % chips]);
  const rank = new Int32Array(chips);
  order.forEach((chip, i) => {
    rank[chip] = i;
  });
  const trees = Array.from({ length: ports }, (_, t): Tree => {
    const through = chosen.slice(t * chips, (t + 1) * chips);
    const parents = Int32Array.from(through, (port, i) => (port < 0 ? -1 : rank[endOf(hops, order[i], port ^ 1)]));
    return { places: order, parents, ports: through };
  });
  return { trees, hopsPerPort: used, depth: distance[order[chips - 1]] };
}

/** Moves slots along chains of ports from a fuller to an emptier one until no chain is left that helps. */
function balance(chosen: Int8Array, used: number[], optionsOf: (slot: number) => readonly number[]): void {
  const ports = used.length;
  for (;;) {
    // movable[a * ports + b]: a slot at port a that may go to b.
    const movable = new Int32Array(ports * ports).fill(-1);
    for (let slot = 0; slot < chosen.length; slot++) {
      if (chosen[slot] >= 0) for (const port of optionsOf(slot)) movable[chosen[slot] * ports + port] = slot;
    }
    const chain = helpfulChain(used, movable);
    if (chain === null) return;
    for (let i = 0; i + 1 < chain.length; i++) chosen[movable[chain[i] * ports + chain[i + 1]]] = chain[i + 1];
    used[chain[0]]--;
    used[chain[chain.length - 1]]++;
  }
}

/** Ports from a full one to one that has at least two edges fewer. */
function helpfulChain(used: readonly number[], movable: Int32Array): number[] | null {
  const ports = used.length;
  for (let full = 0; full < ports; full++) {
    const chains = [[full]];
    const seen = new Set([full]);
    for (let i = 0; i < chains.length; i++) {
      const last = chains[i][chains[i].length - 1];
      if (used[last] <= used[full] - 2) return chains[i];
      for (let next = 0; next < ports; next++) {
        if (seen.has(next) || movable[last * ports + next] < 0) continue;
        seen.add(next);
        chains.push([...chains[i], next]);
      }
    }
  }
  return null;
}

/** Breadth first from chip 0, over hops of the grid. */
function chipsByDistance(hops: HopTable): { readonly order: Uint32Array; readonly distance: Int32Array } {
  const { chips } = hops.grid;
  const ports = 2 * hops.sides.length;
  const order = new Uint32Array(chips);
  const distance = new Int32Array(chips).fill(-1);
  distance[0] = 0;
  for (let head = 0, tail = 1; head < tail; head++) {
    for (let port = 0; port < ports; port++) {
      const end = endOf(hops, order[head], port);
      if (distance[end] >= 0) continue;
      distance[end] = distance[order[head]] + 1;
      order[tail++] = end;
    }
  }
  return { order, distance };
}

/** Ports of the last hop of shortest ways to a chip. */
function reachedThrough(hops: HopTable, distance: Int32Array, chip: number): number[] {
  return Array.from({ length: 2 * hops.sides.length }, (_, port) => port).filter(
    (port) => distance[endOf(hops, chip, port ^ 1)] === distance[chip] - 1,
  );
}

/** The chip that `chip` reaches through a port. */
export function endOf({ ends, grid }: HopTable, chip: number, port: number): number {
  return ends[((port >> 1) * grid.chips + chip) * 2 + (port & 1)];
}
