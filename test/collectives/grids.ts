import { buildTopology, type Topology, type WireSpec } from '../../src/hardware/index.ts';

/** A bare grid with round numbers, so that bytes and seconds are easy to tell apart. */
export function grid(shape: readonly number[], wrap: boolean | readonly boolean[], options: Partial<WireSpec> = {}): Topology {
  const wraps = typeof wrap === 'boolean' ? shape.map(() => wrap) : wrap;
  const defaults = { devicesPerChip: 1, linkBytesPerSecond: 45e9, hopLatencySeconds: 1e-6, localBytesPerSecond: 4e11 };
  return buildTopology({ shape, wrap: wraps, ...defaults, ...options }, `grid:${shape.join('x')}`, 'none');
}

export function allDevices(topology: Topology): Uint32Array {
  return Uint32Array.from({ length: topology.devices }, (_, device) => device);
}
