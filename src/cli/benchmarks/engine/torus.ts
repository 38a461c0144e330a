import { buildTopology, type Topology, twistOf, type WireSpec } from '../../../hardware/index.ts';

/** Wires of one slice that closes on all sides: links of 45 GB/s as on a TPU v4, 1 us per hop, where nothing else is said. */
export function torus(shape: readonly number[], rest: Partial<WireSpec> = {}): Topology {
  const spec: WireSpec = {
    shape,
    wrap: shape.map(() => true),
    devicesPerChip: 1,
    linkBytesPerSecond: 45e9,
    hopLatencySeconds: 1e-6,
    localBytesPerSecond: 400e9,
    ...rest,
  };
  return buildTopology(spec, `torus:${shape.join('x')}`, 'none');
}

export function twistedTorus(shape: readonly number[]): Topology {
  return torus(shape, { twist: twistOf(shape) ?? undefined });
}

export function allDevices({ devices }: Topology): Uint32Array {
  return Uint32Array.from({ length: devices }, (_, device) => device);
}
