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
interface Vectors {
  readonly ring?: readonly RingRow[];
  readonly uniform_all_to_all_link_load?: readonly LoadRow[];
  readonly twisted?: readonly { readonly name: string }[];
}

/** Equal to 1e-12 relative: the vectors and the plans divide in different orders. Nothing is nothing, as on a ring of one chip. */
const near = (actual: number, wanted: number, what: string) =>
  wanted === 0 ? expect(actual, what).toBe(0) : expect(Math.abs(actual / wanted - 1), what).toBeLessThan(1e-12);

/** Rings, lines and uniform all-to-alls; twisted tori wait for the room that plans over them. */
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
    ],
    waiting: twisted.map((row) => `twisted ${row.name} (twisted tori are not modelled)`),
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
