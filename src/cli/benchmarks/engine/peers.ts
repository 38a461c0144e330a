import { readFileSync } from 'node:fs';
import type { Topology } from '../../../hardware/index.ts';
import { MODELS } from '../../../network/index.ts';
import type { EngineCase } from './engine-case.ts';
import { belowBound, boundSeconds, jobOf, WHOLE_MESSAGES } from './requests.ts';
import { allDevices, torus } from './torus.ts';

/** `data/peers/astra-sim.json`, see the README there. */
export interface PeerCollectives {
  readonly tool: string;
  readonly linkBytesPerSecond: number;
  readonly hopLatencySeconds: number;
  readonly cases: readonly PeerCollective[];
}

export interface PeerCollective {
  readonly collective: 'all-reduce' | 'all-to-all';
  /** Of one device. */
  readonly bytes: number;
  readonly shape: readonly number[];
  readonly backend: string;
  readonly algorithm: string;
  readonly simulatedNanoseconds: number | null;
  readonly wiresLowerBoundNanoseconds: number;
  readonly processorSeconds: number | null;
  readonly peakMegabytes: number | null;
}

export function readPeerCollectives(): PeerCollectives {
  return JSON.parse(readFileSync(new URL('../../../../data/peers/astra-sim.json', import.meta.url), 'utf8'));
}

/** The wires of a peer's case. */
export function peerTorus({ linkBytesPerSecond, hopLatencySeconds }: PeerCollectives, { shape }: PeerCollective): Topology {
  return torus(shape, { linkBytesPerSecond, hopLatencySeconds });
}

/** Of every collective, shape, backend and algorithm the largest array, on 64 devices and more: smaller ones cost nobody anything. */
export function peerCases(peers: PeerCollectives = readPeerCollectives()): EngineCase[] {
  const largest = new Map<string, PeerCollective>();
  for (const one of peers.cases) {
    const key = nameOf(one);
    const before = largest.get(key);
    const devices = one.shape.reduce((product, side) => product * side, 1);
    if (devices >= 64 && (before === undefined || one.bytes > before.bytes)) largest.set(key, one);
  }
  return [...largest].map(([name, one]) => peerCase(name, peers, one));
}

function nameOf({ collective, shape, backend, algorithm }: PeerCollective): string {
  return `peer-${collective}-${shape.join('x')}-${backend}-${algorithm}`;
}

function peerCase(name: string, peers: PeerCollectives, one: PeerCollective): EngineCase {
  const { collective, shape, bytes, backend, algorithm, simulatedNanoseconds, wiresLowerBoundNanoseconds, processorSeconds } = one;
  return {
    name,
    title: `${collective}, ${bytes / 2 ** 20} MiB per device, ${shape.length === 1 ? 'ring' : 'torus'}:${shape.join('x')} (${backend}, ${algorithm})`,
    bars: {},
    peer: {
      tool: peers.tool,
      processorSeconds,
      simulatedSeconds: simulatedNanoseconds === null ? null : simulatedNanoseconds / 1e9,
      overBound: simulatedNanoseconds === null ? null : simulatedNanoseconds / wiresLowerBoundNanoseconds,
    },
    open: () => {
      let topology = peerTorus(peers, one);
      let seconds = 0;
      const request = () => ({ topology, devices: allDevices(topology), bytes });
      return {
        // From nothing but the shape, as the peer begins.
        run: () => {
          topology = peerTorus(peers, one);
          ({ seconds } = MODELS.fluid.run(topology, [jobOf(collective, request())], WHOLE_MESSAGES));
        },
        answer: () => {
          const bound = boundSeconds(collective, request());
          return { result: { seconds, 'seconds / bound': seconds / bound }, errors: belowBound(seconds, bound) };
        },
      };
    },
  };
}
