import type { Warning } from './types.ts';

export const COLLECTIVE_SCHEMA = 'switchyard/collective/1';

export const LINK_KINDS = ['ici', 'pcie', 'nic'] as const;
export type LinkKindName = (typeof LINK_KINDS)[number];

/** One collective over one set of wires, alone on them: plain JSON. Equal for equal requests, but for `wallSeconds` and `provenance`. */
export interface CollectiveResult {
  readonly schema: typeof COLLECTIVE_SCHEMA;
  readonly op: string;
  /** Of the topology: chip or kind of grid, sides, twist, slices. */
  readonly topology: string;
  readonly network: string;
  /** Null where the operation has one way to send its bytes. */
  readonly routing: string | null;
  readonly wires: CollectiveWires;
  /** Groups that run the operation at once, and the devices of each. */
  readonly groups: number;
  readonly members: number;
  /** Letters of the grid's dimensions that a group spans; null where one group is everybody. */
  readonly axes: string | null;
  readonly root: number | null;
  readonly shift: number | null;
  /** Largest piece of a message that `hop` sends at once; null in the other models. */
  readonly chunkBytes: number | null;
  /** What one device holds before the operation (after it: all-gather; the root: broadcast); of a traffic matrix the mean row. */
  readonly bytesPerDevice: number;
  readonly traffic: TrafficNote | null;
  /** From the start to the last byte at its place, latency included. */
  readonly seconds: number;
  /** Part of it that hops take on idle wires, whatever is sent. */
  readonly latencySeconds: number;
  /** No algorithm is faster on these wires; without latency. */
  readonly lowerBoundSeconds: number;
  /** Bytes over seconds, and that times the factor of the operation (nccl-tests); null where nothing takes time, and of a traffic matrix. */
  readonly algorithmBytesPerSecond: number | null;
  readonly busBytesPerSecond: number | null;
  /** Bytes carried over what the link could have carried in `seconds`, over all directed links. */
  readonly linkUtilisation: Utilisation;
  readonly linkKinds: readonly LinkKindUse[];
  /** The same bytes on idle wires under every routing that the wires can have; empty where the operation has one way alone. */
  readonly routings: readonly { readonly routing: string; readonly seconds: number }[];
  readonly busiestLink: LinkUse | null;
  readonly links: { readonly count: number; readonly rows: readonly LinkUse[] };
  /** Directed links that the grid asks for and that are broken. */
  readonly brokenLinks: readonly LinkPlace[];
  readonly slowLinks: readonly { readonly between: readonly [number, number]; readonly factor: number }[];
  /** Of the simulation. */
  readonly events: number;
  readonly assumptions: readonly string[];
  readonly sources: readonly string[];
  readonly warnings: readonly Warning[];
  readonly fingerprint: string;
  readonly wallSeconds: number;
  readonly provenance: { readonly version: string; readonly node: string; readonly startedAt: string };
}

export interface CollectiveWires {
  /** Null: a bare grid. */
  readonly chip: string | null;
  readonly shape: readonly number[];
  readonly wrap: readonly boolean[];
  readonly twisted: boolean;
  readonly slices: number;
  readonly chips: number;
  readonly devicesPerChip: number;
  readonly devices: number;
  /** 0 where none is modelled. */
  readonly hosts: number;
  readonly linkBytesPerSecond: number;
  readonly hopLatencySeconds: number;
}

export interface TrafficNote {
  /** Matrix entries were multiplied so that the mean row is `bytesPerDevice`. */
  readonly scaled: boolean;
  /** Without what devices keep. */
  readonly totalBytes: number;
  readonly largestRowBytes: number;
  readonly largestColumnBytes: number;
}

export interface Utilisation {
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

export interface LinkKindUse extends Utilisation {
  readonly kind: LinkKindName;
  readonly count: number;
}

export interface LinkPlace {
  /** Chips; behind them hosts, and then the network between slices. */
  readonly from: number;
  readonly to: number;
  /** Dimension of the grid; the number of dimensions for links to hosts and to the network. */
  readonly axis: number;
  /** Towards larger coordinates, or over the wrap from the last to the first: 1; else -1. */
  readonly direction: number;
}

/** One directed link. */
export interface LinkUse extends LinkPlace {
  readonly kind: LinkKindName;
  readonly bytes: number;
  readonly utilisation: number;
}
