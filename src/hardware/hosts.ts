import { permutations } from '../base/index.ts';
import { coordinatesOf } from './grid.ts';
import { chipCount, type HostSpec, type Hosts, type Topology } from './topology.ts';

/** Hosts of one slice: blocks of neighbouring chips, the last ones smaller where the block does not divide a side. */
export interface HostGrid {
  /** Chips of one block along each dimension. */
  readonly block: readonly number[];
  /** Blocks along each dimension. */
  readonly blocks: readonly number[];
  readonly count: number;
}

/**
 * How hosts cover a slice. The block of a generation may lie either way round (2x4 or 4x2); of the ways in which it can lie, the one that needs
 * the fewest hosts is taken, and the way in which it is written down where several do. A slice smaller than a block has one host.
 */
export function hostGrid(shape: readonly number[], hostShape: readonly number[]): HostGrid {
  let best: HostGrid | undefined;
  for (const turned of permutations(shape.map((_, axis) => hostShape[axis] ?? 1))) {
    const block = shape.map((side, axis) => Math.min(side, turned[axis]));
    const blocks = shape.map((side, axis) => Math.ceil(side / block[axis]));
    const count = chipCount(blocks);
    if (best === undefined || count < best.count) best = { block, blocks, count };
  }
  return best ?? { block: [], blocks: [], count: 1 };
}

/** [chips of one slice]: the host of each, counted from 0. */
export function hostOfChips(shape: readonly number[], { block, blocks }: HostGrid): Uint32Array {
  const hosts = new Uint32Array(chipCount(shape));
  for (let chip = 0; chip < hosts.length; chip++) {
    const at = coordinatesOf(shape, chip);
    let host = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) host = host * blocks[axis] + Math.floor(at[axis] / block[axis]);
    hosts[chip] = host;
  }
  return hosts;
}

export function hostsOf(spec: HostSpec, grid: HostGrid, chips: number, slices: number): Hosts {
  const count = grid.count * slices;
  return { count, chipsPerHost: chipCount(grid.block), first: chips, network: chips + count, latencySeconds: spec.latencySeconds };
}

/** Rows of the links of a chip: away from it to its host, and back. The topology has hosts. */
export function hostLinks(topology: Topology, chip: number): { readonly up: number; readonly down: number } {
  const up = firstHostRow(topology) + 2 * chip;
  return { up, down: up + 1 };
}

/** Rows of the links of a host, counted from 0: to the data-centre network, and back. */
export function networkLinks(topology: Topology, host: number): { readonly up: number; readonly down: number } {
  const up = firstHostRow(topology) + 2 * (topology.chips + host);
  return { up, down: up + 1 };
}

/** The host of a chip, counted from 0. */
export function hostOf(topology: Topology, chip: number): number {
  return topology.links.to[hostLinks(topology, chip).up] - topology.chips;
}

/** Rows of the links from a chip over its host and the data-centre network to a chip of another slice. */
export function linksOverHosts(topology: Topology, from: number, to: number): number[] {
  return [
    hostLinks(topology, from).up,
    networkLinks(topology, hostOf(topology, from)).up,
    networkLinks(topology, hostOf(topology, to)).down,
    hostLinks(topology, to).down,
  ];
}

/** Links to hosts and to the network come last, one pair for each chip and host. */
function firstHostRow({ links, chips, hosts }: Topology): number {
  return links.count - 2 * (chips + (hosts?.count ?? 0));
}
