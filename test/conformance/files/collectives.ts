import { expect } from 'vitest';
import {
  allGatherSeconds,
  allReduceSeconds,
  allToAllSeconds,
  COLLECTIVES,
  type CollectiveKind,
  planSeconds,
  reduceScatterSeconds,
} from '../../../src/collectives/index.ts';
import { type Topology, twistOf } from '../../../src/hardware/index.ts';
import { allDevices, grid } from '../../collectives/grids.ts';
import type { Case, VectorFile } from '../case.ts';

interface RingRow {
  readonly n: number;
  readonly wrap: boolean;
  readonly array_bytes: number;
  readonly link_Bps_oneway: number;
  readonly all_gather_s: number;
  readonly reduce_scatter_s: number;
  readonly all_reduce_s: number;
  readonly all_to_all_s: number;
  /** Nothing where nothing is sent. */
  readonly all_to_all_over_all_gather?: number | null;
}
interface LoadRow {
  readonly shape: number[];
  readonly wrap: boolean[];
  readonly nodes: number;
  readonly max_link_load_per_axis_blocks: number[];
  readonly bottleneck_blocks: number;
}
interface Wires {
  readonly avg_hops: number;
  readonly diameter: number;
  /** Blocks over a link of each dimension, on average; a block is what one chip sends to one other. */
  readonly mean_axis_load_per_directed_link: Readonly<Record<string, number>>;
  readonly max_axis: number;
}
interface TwistRow {
  readonly name: string;
  readonly regular: Wires;
  readonly twisted: Wires;
  /** By dimension: crossing its wrap moves `by` along `shift_axis`. */
  readonly twist: Readonly<Record<string, { readonly shift_axis: number; readonly by: number }>>;
  readonly ideal_alltoall_gain: number;
}
interface Vectors {
  readonly ring?: readonly RingRow[];
  readonly uniform_all_to_all_link_load?: readonly LoadRow[];
  readonly twisted?: readonly TwistRow[];
}

/** Equal to 1e-12 relative: the vectors and the plans divide in different orders. Nothing is nothing, as on a ring of one chip. */
const near = (actual: number, wanted: number, what: string) =>
  wanted === 0 ? expect(actual, what).toBe(0) : expect(Math.abs(actual / wanted - 1), what).toBeLessThan(1e-12);

/** Rings, lines, and uniform all-to-alls over grids and twisted tori. */
export function collectives({ ring = [], uniform_all_to_all_link_load = [], twisted = [] }: Vectors): VectorFile {
  return {
    cases: [
      ...ring.map(
        (row): Case => ({
          name: `${row.wrap ? 'ring' : 'line'} of ${row.n}, ${row.array_bytes} bytes at ${row.link_Bps_oneway} B/s`,
          run: () => checkRing(row),
        }),
      ),
      ...uniform_all_to_all_link_load.map(
        (row): Case => ({
          name: `all-to-all over ${row.shape.join('x')}, ${row.wrap.map((wrap) => (wrap ? 'wrapped' : 'open')).join(', ')}`,
          run: () => checkLoads(row),
        }),
      ),
      ...twisted.map((row): Case => ({ name: `all-to-all over twisted ${row.name}`, run: () => checkTwist(row) })),
    ],
  };
}

function checkRing(row: RingRow): void {
  const topology = grid([row.n], row.wrap, { linkBytesPerSecond: row.link_Bps_oneway, hopLatencySeconds: 0 });
  const ring = { members: row.n, wrap: row.wrap, linkBytesPerSecond: row.link_Bps_oneway, hopLatencySeconds: 0 };
  const seconds = (kind: CollectiveKind, bytes: number) =>
    planSeconds(COLLECTIVES[kind].plan({ topology, devices: allDevices(topology), bytes }), topology);
  const whole = row.array_bytes;
  near(seconds('all-gather', whole), row.all_gather_s, 'plan of all-gather');
  near(seconds('reduce-scatter', whole), row.reduce_scatter_s, 'plan of reduce-scatter');
  near(seconds('all-reduce', whole), row.all_reduce_s, 'plan of all-reduce');
  near(seconds('all-to-all', whole / row.n), row.all_to_all_s, 'plan of all-to-all');
  near(allGatherSeconds(ring, whole), row.all_gather_s, 'closed form of all-gather');
  near(reduceScatterSeconds(ring, whole), row.reduce_scatter_s, 'closed form of reduce-scatter');
  near(allReduceSeconds(ring, whole), row.all_reduce_s, 'closed form of all-reduce');
  near(allToAllSeconds(ring, whole / row.n), row.all_to_all_s, 'closed form of all-to-all');
  const ratio = row.all_to_all_over_all_gather ?? null;
  if (ratio !== null) near(seconds('all-to-all', whole / row.n) / seconds('all-gather', whole), ratio, 'all-to-all over all-gather');
}

function checkLoads(row: LoadRow): void {
  const topology = grid(row.shape, row.wrap);
  const [phase] = COLLECTIVES['all-to-all'].plan({ topology, devices: allDevices(topology), bytes: row.nodes }).phases;
  const busiest = row.shape.map(() => 0);
  phase.links.forEach((link, i) => {
    busiest[topology.links.axis[link]] = Math.max(busiest[topology.links.axis[link]], phase.bytes[i]);
  });
  row.max_link_load_per_axis_blocks.forEach((blocks, axis) => {
    near(busiest[axis], blocks, `busiest link of dimension ${axis}`);
  });
  near(Math.max(...busiest), row.bottleneck_blocks, 'busiest link');
}

/** Loads of whole blocks are sums of thirds in several orders, so 1e-12 as elsewhere. */
function checkTwist(row: TwistRow): void {
  const shape = row.name.split('x').map(Number);
  const twist = shape.map((_, axis) => shape.map((__, other) => (row.twist[axis]?.shift_axis === other ? row.twist[axis].by : 0)));
  expect(twist, 'twist of the shape').toEqual(twistOf(shape));
  const plain = checkWires(grid(shape, true), row.regular);
  const twisted = checkWires(grid(shape, true, { twist }), row.twisted);
  near(plain / twisted, row.ideal_alltoall_gain, 'gain');
}

/** Returns the load of the busiest link in blocks. */
function checkWires(topology: Topology, wanted: Wires): number {
  const n = topology.devices;
  const [phase] = COLLECTIVES['all-to-all'].plan({ topology, devices: allDevices(topology), bytes: n }).phases;
  const sums = topology.shape.map(() => 0);
  let busiest = 0;
  phase.links.forEach((link, i) => {
    sums[topology.links.axis[link]] += phase.bytes[i];
    busiest = Math.max(busiest, phase.bytes[i]);
  });
  for (const [axis, load] of Object.entries(wanted.mean_axis_load_per_directed_link)) {
    near(sums[Number(axis)] / (2 * n), load, `mean load of dimension ${axis}`);
  }
  near(busiest, wanted.max_axis, 'busiest link');
  // The vectors' mean is over all n chips, the own one included.
  near(sums.reduce((sum, bytes) => sum + bytes, 0) / (n * n), wanted.avg_hops, 'mean hops');
  near(phase.latencySeconds / topology.hopLatencySeconds, wanted.diameter, 'diameter');
  return busiest;
}
