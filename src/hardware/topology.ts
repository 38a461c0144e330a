import type { BytesPerSecond, Seconds } from '../base/index.ts';

/**
 * The wires of one slice: chips on a grid with or without wrap-around, and every directed link as a row of typed arrays.
 * Chips are numbered with the first coordinate running fastest; device = chip * devicesPerChip + core.
 */
export interface Topology {
  readonly name: string;
  readonly chipName: string;
  readonly shape: readonly number[];
  readonly wrap: readonly boolean[];
  /** [dimensions][dimensions]: crossing the wrap of dimension a forwards adds twist[a][b] to coordinate b (mod its side); zeros on a plain torus. */
  readonly twist: readonly (readonly number[])[];
  /** Equal slices of `shape`, joined by hosts and the data-centre network; chips of slice s are numbered from s * chips / slices. */
  readonly slices: number;
  /** Of all slices. */
  readonly chips: number;
  readonly devicesPerChip: number;
  readonly devices: number;
  /** One hop over an inter-chip link. */
  readonly hopLatencySeconds: Seconds;
  /** Null where no host is modelled: one slice, nothing offloaded. */
  readonly hosts: Hosts | null;
  /** Every link that the shape asks for is there, and links of one kind have one bandwidth. */
  readonly uniform: boolean;
  /** Between the devices of one chip, both ways together: through its HBM (half of what long streams reach, because every byte is written and read), and no faster than the wire between chiplets. */
  readonly localBytesPerSecond: BytesPerSecond;
  readonly links: LinkTable;
}

/** What joins slices: chip to host (PCIe), host to network (NIC). Ends of links: chips, then hosts, then the network as one node. */
export interface Hosts {
  readonly count: number;
  /** At most: a slice that hosts do not divide has smaller ones at its ends. */
  readonly chipsPerHost: number;
  /** First node that is a host, = chips. */
  readonly first: number;
  /** The node that stands for the data-centre network. */
  readonly network: number;
  /** From a host to another one of another slice. */
  readonly latencySeconds: Seconds;
}

/** `ici`: between chips of a slice; `pcie`: between chip and host; `nic`: between host and network. */
export const LinkKind = { ici: 0, pcie: 1, nic: 2 } as const;

/** Directed links, structure of arrays; row i is one direction of one wire. Links between chips come first. */
export interface LinkTable {
  readonly count: number;
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  /** A `LinkKind`. */
  readonly kind: Uint8Array;
  /** Dimension of the grid that the link runs along; links to hosts and to the network: the number of dimensions. */
  readonly axis: Uint8Array;
  /** +1 towards larger coordinates (or over the wrap from the last to the first), -1 the other way; +1 away from a chip, -1 towards it. */
  readonly direction: Int8Array;
  readonly bytesPerSecond: Float64Array;
  /** [chips, dimensions, 2]: row of the link that leaves a chip along a dimension, forwards then backwards; -1 at an open end or where the wire is broken. See `linkFrom`. */
  readonly leaving: Int32Array;
}

/** Chips of a slice with these sides. */
export function chipCount(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** What a scenario says about the wires; resolved, so `wrap` stands for every dimension. */
export interface TopologySpec {
  readonly chip: string;
  readonly shape: readonly number[];
  readonly wrap: readonly boolean[];
  readonly slices: number;
  /** Devices of each chip that take part, where these are not all; see `partOfChip`. */
  readonly devicesPerChip?: number;
  /** See `twistOf`; false is a plain torus. */
  readonly twisted?: boolean;
  /** Devices that compute slower: factor 1.1 takes 10 % longer. */
  readonly slowDevices: readonly { readonly device: number; readonly factor: number }[];
  /** Every computation takes longer by up to this share: 0.02 is 2 %. */
  readonly jitter?: number;
  /** Every device begins its step late by up to this; uniform over devices. */
  readonly startSkewSeconds?: Seconds;
  /** Devices that begin their step late by so much, in the place of a skew of all. */
  readonly lateDevices?: readonly { readonly device: number; readonly seconds: Seconds }[];
  /** Wires between neighbouring chips that are out of order, both directions. */
  readonly brokenLinks?: readonly (readonly [number, number])[];
  /** Wires that are slower, both directions: factor 2 halves the bandwidth. */
  readonly slowLinks?: readonly { readonly between: readonly [number, number]; readonly factor: number }[];
}

/** Everything `buildTopology` needs, without a chip: also for bare grids in tests and in `collective`. */
export interface WireSpec {
  readonly shape: readonly number[];
  readonly wrap: readonly boolean[];
  /** Zeros when absent. */
  readonly twist?: readonly (readonly number[])[];
  /** 1 when absent; more need `host`. */
  readonly slices?: number;
  readonly devicesPerChip: number;
  readonly linkBytesPerSecond: BytesPerSecond;
  readonly hopLatencySeconds: Seconds;
  readonly localBytesPerSecond: BytesPerSecond;
  readonly host?: HostSpec;
  readonly brokenLinks?: TopologySpec['brokenLinks'];
  readonly slowLinks?: TopologySpec['slowLinks'];
}

/** One host and its share of the data-centre network; bandwidths are of one direction. */
export interface HostSpec {
  /** Chips of one host along each dimension; in a slice the block may lie another way round, see `hostGrid`. */
  readonly shape: readonly number[];
  /** Between one chip and its host. */
  readonly pcieBytesPerSecond: BytesPerSecond;
  /** Between one host and the network. */
  readonly nicBytesPerSecond: BytesPerSecond;
  readonly latencySeconds: Seconds;
}
