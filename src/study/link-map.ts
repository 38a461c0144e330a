import { toSeconds } from '../base/index.ts';
import type { Trace } from '../engine/index.ts';
import type { Topology } from '../hardware/index.ts';
import type { LinkMap } from '../result/index.ts';

/** Bytes and busy time of every directed link over the step. */
export function linkMap(topology: Topology, trace: Trace): LinkMap {
  const { links } = topology;
  const rows = Array.from({ length: links.count }, (_, link) => ({
    from: links.from[link],
    to: links.to[link],
    axis: links.axis[link],
    bytes: trace.links.bytes[link],
    busySeconds: toSeconds(trace.links.busy[link]),
    utilisation: trace.links.busy[link] / trace.step,
  }));
  return { shape: topology.shape, wrap: topology.wrap, devicesPerChip: topology.devicesPerChip, rows };
}
