import { type Bytes, Purpose, uniform } from '../base/index.ts';
import { buildTopology, type Topology } from '../hardware/index.ts';
import { dimensionOrderedRoute } from './dimension-ordered-route.ts';
import type { NetworkJob } from './model.ts';
import { fluid } from './models/fluid.ts';
import { hop } from './models/hop.ts';
import { transferJob } from './transfer-job.ts';

/** Generated mixes of transfers between random chips, sizes and starts, by `fluid` and by `hop`. */
export interface MixSpec {
  readonly seed: number;
  readonly mixes: number;
  readonly chunkBytes: Bytes;
}

/** How far the models are apart: |fluid / hop - 1|, over transfers from their start to their end, and over the ends of whole mixes. */
export interface ModelDistance {
  readonly transfers: Spread;
  readonly mixes: Spread;
}

export interface Spread {
  readonly count: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

export function fluidAgainstHop(spec: MixSpec): ModelDistance {
  const transfers: number[] = [];
  const mixes: number[] = [];
  for (let mix = 0; mix < spec.mixes; mix++) {
    const { topology, jobs, starts } = mixOf(spec, mix);
    const options = { chunkBytes: spec.chunkBytes };
    const byFluid = fluid.run(topology, jobs, options);
    const byHop = hop.run(topology, jobs, options);
    for (let i = 0; i < jobs.length; i++) transfers.push(distance(byFluid.ends[i] - starts[i], byHop.ends[i] - starts[i]));
    mixes.push(distance(byFluid.seconds, byHop.seconds));
  }
  return { transfers: spread(transfers), mixes: spread(mixes) };
}

export interface Mix {
  readonly topology: Topology;
  readonly jobs: readonly NetworkJob[];
  readonly starts: readonly number[];
}

/** Mix number `mix`: 2 to 40 transfers of 64 to 320 chunks that start within as long as 160 chunks take, on 4x4 and on 4x4x4 in turn. */
export function mixOf({ seed, chunkBytes }: MixSpec, mix: number): Mix {
  const topology = TORI[mix % TORI.length];
  let drawn = 0;
  const draw = (choices: number) => Math.floor(uniform(seed, Purpose.networkMix, mix, drawn++) * choices);
  const starts: number[] = [];
  const jobs = Array.from({ length: 2 + draw(39) }, () => {
    const from = draw(topology.chips);
    const to = (from + 1 + draw(topology.chips - 1)) % topology.chips;
    const bytes = (64 + draw(257)) * chunkBytes;
    const start = (draw(1000) / 1000) * ((160 * chunkBytes) / LINK_BYTES_PER_SECOND);
    starts.push(start);
    return { ...transferJob(topology, from, to, bytes, dimensionOrderedRoute(topology, from, to)), starts: Float64Array.of(start, start) };
  });
  return { topology, jobs, starts };
}

const LINK_BYTES_PER_SECOND = 45e9;

const TORI: readonly Topology[] = [
  [4, 4],
  [4, 4, 4],
].map((shape) =>
  buildTopology(
    {
      shape,
      wrap: shape.map(() => true),
      devicesPerChip: 1,
      linkBytesPerSecond: LINK_BYTES_PER_SECOND,
      hopLatencySeconds: 1e-6,
      localBytesPerSecond: 4e11,
    },
    `torus:${shape.join('x')}`,
    'none',
  ),
);

function distance(one: number, other: number): number {
  return Math.abs(one / other - 1);
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { count: sorted.length, median: at(0.5), p95: at(0.95), max: sorted[sorted.length - 1] };
}
