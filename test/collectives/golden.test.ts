import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  allGatherSeconds,
  allReduceSeconds,
  allToAllSeconds,
  COLLECTIVES,
  type CollectiveKind,
  planSeconds,
  reduceScatterSeconds,
  torusAllGatherSeconds,
} from '../../src/collectives/index.ts';
import { allDevices, grid } from './grids.ts';

interface RingRow {
  n: number;
  wrap: boolean;
  array_bytes: number;
  link_Bps_oneway: number;
  all_gather_s: number;
  reduce_scatter_s: number;
  all_reduce_s: number;
  all_to_all_s: number;
}
interface LoadRow {
  shape: number[];
  wrap: boolean[];
  nodes: number;
  max_link_load_per_axis_blocks: number[];
}
const vectors: { ring: RingRow[]; uniform_all_to_all_link_load: LoadRow[] } = JSON.parse(
  readFileSync(new URL('../vectors/collectives.json', import.meta.url), 'utf8'),
);

/** Equal to 1e-12 relative: the vectors and the plans divide in different orders. */
const near = (actual: number, expected: number) => expect(Math.abs(actual / expected - 1)).toBeLessThan(1e-12);

describe('rings and lines', () => {
  test('there are vectors', () => expect(vectors.ring.length).toBeGreaterThanOrEqual(12));

  test.each(vectors.ring)('n = $n, wrap $wrap, $array_bytes bytes: plan, closed form and vector agree', (row) => {
    const topology = grid([row.n], row.wrap, { linkBytesPerSecond: row.link_Bps_oneway, hopLatencySeconds: 0 });
    const ring = { members: row.n, wrap: row.wrap, linkBytesPerSecond: row.link_Bps_oneway, hopLatencySeconds: 0 };
    const seconds = (kind: CollectiveKind, bytes: number) =>
      planSeconds(COLLECTIVES[kind].plan({ topology, devices: allDevices(topology), bytes }), topology);
    const whole = row.array_bytes;
    near(seconds('all-gather', whole), row.all_gather_s);
    near(seconds('reduce-scatter', whole), row.reduce_scatter_s);
    near(seconds('all-reduce', whole), row.all_reduce_s);
    near(seconds('all-to-all', whole / row.n), row.all_to_all_s);
    near(allGatherSeconds(ring, whole), row.all_gather_s);
    near(reduceScatterSeconds(ring, whole), row.reduce_scatter_s);
    near(allReduceSeconds(ring, whole), row.all_reduce_s);
    near(allToAllSeconds(ring, whole / row.n), row.all_to_all_s);
  });

  test.each([2, 3, 4, 5, 8, 9])('n = %i: latency and odd rings agree with the closed form', (n) => {
    for (const wrap of [true, false]) {
      const topology = grid([n], wrap, { hopLatencySeconds: 1e-3 });
      const ring = { members: n, wrap, linkBytesPerSecond: 45e9, hopLatencySeconds: 1e-3 };
      const forms = { 'all-gather': allGatherSeconds, 'all-reduce': allReduceSeconds, 'all-to-all': allToAllSeconds };
      for (const [kind, form] of Object.entries(forms)) {
        const plan = COLLECTIVES[kind as keyof typeof forms].plan({ topology, devices: allDevices(topology), bytes: 7e6 });
        near(planSeconds(plan, topology), form(ring, 7e6));
      }
    }
  });
});

describe('several dimensions', () => {
  test.each(vectors.uniform_all_to_all_link_load)('all-to-all over $shape: busiest link per dimension', (row) => {
    const topology = grid(row.shape, row.wrap);
    const [phase] = COLLECTIVES['all-to-all'].plan({ topology, devices: allDevices(topology), bytes: row.nodes }).phases;
    const busiest = row.shape.map(() => 0);
    phase.links.forEach((link, i) => {
      busiest[topology.links.axis[link]] = Math.max(busiest[topology.links.axis[link]], phase.bytes[i]);
    });
    row.max_link_load_per_axis_blocks.forEach((blocks, axis) => {
      near(busiest[axis], blocks);
    });
  });

  test.each([
    [2, 4, true],
    [2, 4, false],
    [3, 4, true],
    [2, 16, true],
  ])('%i dimensions of %i, wrap %s, add their bandwidth', (dimensions, members, wrap) => {
    const topology = grid(new Array(dimensions).fill(members), wrap, { hopLatencySeconds: 0 });
    const ring = { members, wrap, linkBytesPerSecond: 45e9, hopLatencySeconds: 0 };
    const plan = COLLECTIVES['all-gather'].plan({ topology, devices: allDevices(topology), bytes: 1e9 });
    near(planSeconds(plan, topology), torusAllGatherSeconds(dimensions, ring, 1e9));
  });
});
