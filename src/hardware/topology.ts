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
  readonly chips: number;
  readonly devicesPerChip: number;
  readonly devices: number;
  readonly hopLatencySeconds: Seconds;
  /** Between the devices of one chip, through its HBM: half of the bandwidth that long streams reach, because every byte is written and read. */
  readonly localBytesPerSecond: BytesPerSecond;
  readonly links: LinkTable;
}

/** Directed links, structure of arrays; row i is one direction of one wire. */
export interface LinkTable {
  readonly count: number;
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  /** Dimension of the grid that the link runs along. */
  readonly axis: Uint8Array;
  /** +1 towards larger coordinates (or over the wrap from the last to the first), -1 the other way. */
  readonly direction: Int8Array;
  readonly bytesPerSecond: Float64Array;
  /** [chips, dimensions, 2]: row of the link that leaves a chip along a dimension, forwards then backwards; -1 at an open end. See `linkFrom`. */
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
  /** Devices that compute slower: factor 1.1 takes 10 % longer. */
  readonly slowDevices: readonly { readonly device: number; readonly factor: number }[];
}

/** Everything `buildTopology` needs, without a chip: also for bare grids in tests and in `collective`. */
export interface WireSpec {
  readonly shape: readonly number[];
  readonly wrap: readonly boolean[];
  readonly devicesPerChip: number;
  readonly linkBytesPerSecond: BytesPerSecond;
  readonly hopLatencySeconds: Seconds;
  readonly localBytesPerSecond: BytesPerSecond;
}
