import type { Bytes } from '../base/index.ts';
import type { Topology } from '../hardware/index.ts';
import type { NetworkJob } from './model.ts';

/** Bytes from one device to another over the links of one route, in order; neither collective nor group, but a job like one. */
export function transferJob(topology: Topology, from: number, to: number, bytes: Bytes, links: Uint32Array): NetworkJob {
  const one = Uint32Array.of(0);
  const row = Uint32Array.of(0, 1);
  return {
    plan: {
      devices: Uint32Array.of(from, to),
      phases: [
        {
          links,
          bytes: new Float64Array(links.length).fill(bytes),
          latencySeconds: links.length * topology.hopLatencySeconds,
          localBytes: 0,
        },
      ],
    },
    schedule: () => ({
      pieces: { count: 1, bytes: Float64Array.of(bytes), source: Int32Array.of(from), target: Int32Array.of(to) },
      messages: {
        count: 1,
        from: Uint32Array.of(from),
        to: Uint32Array.of(to),
        route: one,
        bytes: Float64Array.of(bytes),
        combines: Uint8Array.of(0),
        pieceOffsets: row,
        pieces: one,
        afterOffsets: Uint32Array.of(0, 0),
        after: new Uint32Array(0),
      },
      routes: { count: 1, offsets: Uint32Array.of(0, links.length), links },
    }),
  };
}
