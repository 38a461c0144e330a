import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  COLLECTIVES,
  type Collective,
  type CollectiveKind,
  type CollectiveRequest,
  type GroupPlan,
  type Schedule,
} from '../../src/collectives/index.ts';
import { buildTopology, type Topology, twistOf, type WireSpec } from '../../src/hardware/index.ts';
import { mixOf } from '../../src/network/compare-models.ts';
import { dimensionOrderedRoute, hopEstimate, MODELS, type NetworkJob, transferJob } from '../../src/network/index.ts';

const BANDWIDTH = 45e9;
const LATENCY = 1e-6;

function torus(shape: readonly number[], spec: Partial<WireSpec> = {}): Topology {
  return buildTopology(
    {
      shape,
      wrap: shape.map(() => true),
      devicesPerChip: 1,
      linkBytesPerSecond: BANDWIDTH,
      hopLatencySeconds: LATENCY,
      localBytesPerSecond: 4e11,
      ...spec,
    },
    `torus:${shape.join('x')}`,
    'none',
  );
}

function collectiveJob(kind: CollectiveKind, request: CollectiveRequest): NetworkJob {
  const collective = COLLECTIVES[kind];
  return { plan: collective.plan(request), schedule: () => (collective.schedule as NonNullable<Collective['schedule']>)(request) };
}

const everyone = (topology: Topology) => Uint32Array.from({ length: topology.devices }, (_, device) => device);
function allModels(kind: CollectiveKind, shape: readonly number[]) {
  const topology = torus(shape);
  const bytes = 2 ** 25;
  const job = collectiveJob(kind, { topology, devices: everyone(topology), bytes });
  const options = { chunkBytes: 2 ** 18 };
  const [ideal, fluid, hop] = [MODELS.ideal, MODELS.fluid, MODELS.hop].map((model) => model.run(topology, [job], options));
  for (const [link, carried] of ideal.linkBytes.entries()) {
    expect(Math.abs(fluid.linkBytes[link] - carried)).toBeLessThanOrEqual(1e-9 * bytes);
    expect(Math.abs(hop.linkBytes[link] - carried)).toBeLessThanOrEqual(1e-9 * bytes);
  }
  return { ideal, fluid, hop, bytesAlone: ideal.seconds - latencyOf(job.plan), chainSeconds: longestChain(job.schedule().messages) };
}

/** Seconds of messages that follow one another, each over one link, without latency. */
function longestChain({ count, bytes, afterOffsets, after }: Schedule['messages']): number {
  const ends = new Float64Array(count);
  for (let m = 0; m < count; m++) {
    const before = after.subarray(afterOffsets[m], afterOffsets[m + 1]);
    ends[m] = before.reduce((last, one) => Math.max(last, ends[one]), 0) + bytes[m] / BANDWIDTH;
  }
  return ends.reduce((last, end) => Math.max(last, end), 0);
}

const latencyOf = (plan: GroupPlan) => plan.phases.reduce((sum, phase) => sum + phase.latencySeconds, 0);
const kinds = Object.keys(COLLECTIVES) as CollectiveKind[];

describe('alone on an idle torus', () => {
  /**
   * `ideal` and `fluid` are equal. A plan pays the latency of its longest path in every phase; messages overlap with one another, so `hop` needs at
   * least the bytes of the busiest link, and at most those and the latency. That holds while a good order of messages exists that keeps every link
   * at work: not where dimensions of 2 give parts to pairs of wires. A broadcast passes whole pieces on, and waits 4 % longer for them.
   */
  test.each(kinds)('%s: the three models agree within the latency', (kind) => {
    const waiting = kind === 'broadcast' ? 0.04 : 0;
    for (const shape of [[2], [5], [8], [3, 3], [4, 4], [5, 5], [4, 6], [4, 8], [3, 3, 3], [4, 4, 4], [4, 4, 8]]) {
      const { bytesAlone, ideal, fluid, hop } = allModels(kind, shape);
      expect(fluid.ends).toEqual(ideal.ends);
      expect(hop.seconds, `${shape.join('x')}: at least the bytes`).toBeGreaterThan(bytesAlone * (1 - 1e-6));
      expect(hop.seconds, `${shape.join('x')}: at most bytes and latency`).toBeLessThan(ideal.seconds * (1 + waiting + 1e-3));
    }
  });

  /** Congestion and dilation bound any order of messages that leaves no link idle without need, but for a factor (Leighton, Maggs and Rao, 1994). */
  test.each(kinds)('%s: anywhere, the busiest link and the longest chain of messages bound the time', (kind) => {
    for (const shape of [[3], [6], [2, 4], [3, 5], [4, 4], [3, 3, 3], [2, 4, 4]]) {
      const { bytesAlone, ideal, fluid, hop, chainSeconds } = allModels(kind, shape);
      expect(fluid.ends).toEqual(ideal.ends);
      expect(hop.seconds).toBeGreaterThan(Math.max(bytesAlone, chainSeconds) * (1 - 1e-6));
      expect(hop.seconds).toBeLessThan(1.25 * (ideal.seconds + chainSeconds));
    }
  });

  test.each([
    ['ring', [8], {}],
    ['torus', [4, 8], {}],
    ['torus', [4, 4, 4], {}],
    ['twisted torus', [4, 4, 8], { twist: twistOf([4, 4, 8]) ?? undefined }],
    ['mesh', [4, 4, 4], { wrap: [false, false, false] }],
    ['torus with a broken wire', [4, 4], { brokenLinks: [[0, 1]] as const }],
  ])('%s %j: pieces of a broadcast follow one another, also where a piece is many chunks', (_, shape, spec) => {
    const topology = torus(shape, spec);
    const job = collectiveJob('broadcast', { topology, devices: everyone(topology), bytes: 2 ** 30 });
    const [ideal, hop] = [MODELS.ideal, MODELS.hop].map((model) => model.run(topology, [job], { chunkBytes: 2 ** 16 }));
    expect(hop.seconds).toBeGreaterThan(ideal.seconds - latencyOf(job.plan));
    expect(hop.seconds).toBeLessThan(1.05 * ideal.seconds);
  });

  test('one transfer: bytes over the bandwidth and a latency per hop, however fine the chunks', () => {
    const topology = torus([8, 8]);
    const route = dimensionOrderedRoute(topology, 0, 27);
    expect(route.length).toBe(6);
    for (const chunkBytes of [1e4, 1e5, 3e5, 1e9]) {
      const job = transferJob(topology, 0, 27, 9e5, route);
      const exact = 9e5 / BANDWIDTH + 6 * LATENCY;
      for (const model of Object.values(MODELS)) {
        expect(Math.abs(model.run(topology, [job], { chunkBytes }).seconds - exact)).toBeLessThan(1e-10);
      }
    }
  });

  test('a slow link paces a transfer, wherever on its route it lies', () => {
    for (const between of [
      [0, 1],
      [1, 2],
      [2, 3],
    ] as const) {
      const topology = torus([8], { slowLinks: [{ between, factor: 3 }] });
      const job = transferJob(topology, 0, 3, 9e6, dimensionOrderedRoute(topology, 0, 3));
      const exact = (3 * 9e6) / BANDWIDTH + 3 * LATENCY;
      // A chunk that comes over a slow link is sent on at full speed behind it, once that needs no gap.
      for (const model of Object.values(MODELS)) {
        expect(Math.abs(model.run(topology, [job], { chunkBytes: 9e4 }).seconds / exact - 1)).toBeLessThan(0.01);
      }
    }
  });
});

describe('several jobs', () => {
  test('two transfers over one link take turns; one that goes elsewhere notices nothing', () => {
    const topology = torus([8]);
    const over = (from: number, to: number) => transferJob(topology, from, to, 9e6, dimensionOrderedRoute(topology, from, to));
    const jobs = [over(0, 2), over(1, 3), over(5, 6)];
    const alone = 9e6 / BANDWIDTH;
    for (const model of [MODELS.fluid, MODELS.hop]) {
      const { ends } = model.run(topology, jobs, { chunkBytes: 9e4 });
      expect(ends[0] / (2 * alone)).toBeCloseTo(1, 1);
      expect(ends[1] / (2 * alone)).toBeCloseTo(1, 1);
      expect(ends[2]).toBeCloseTo(alone + LATENCY, 9);
    }
    expect(MODELS.ideal.run(topology, jobs, { chunkBytes: 9e4 }).ends[0]).toBeCloseTo(alone + 2 * LATENCY, 9);
  });

  test('without windows a transfer that is slow further on would waste the links before it', () => {
    // The first shares its last link with three; the second, which shares only its first link, gets all that the first leaves there.
    const topology = torus([16]);
    const over = (from: number, to: number, bytes: number) =>
      transferJob(topology, from, to, bytes, dimensionOrderedRoute(topology, from, to));
    const jobs = [over(0, 3, 9e6), over(0, 1, 9e6), over(2, 3, 9e6), over(2, 3, 9e6), over(2, 3, 9e6)];
    const fluid = MODELS.fluid.run(topology, jobs, { chunkBytes: 9e4 });
    // The windows of the first fill up before it is slowed: fine chunks fill them with few bytes.
    const hop = MODELS.hop.run(topology, jobs, { chunkBytes: 9e3 });
    expect(fluid.ends[1]).toBeCloseTo(12e6 / BANDWIDTH + LATENCY, 9);
    for (const job of jobs.keys()) expect(Math.abs(hop.ends[job] / fluid.ends[job] - 1)).toBeLessThan(0.03);
  });

  test('collectives that meet: each ends when the fluid says, though their messages and blocks are of unlike sizes', () => {
    const topology = torus([4, 4, 4]);
    const devices = everyone(topology);
    const gather = collectiveJob('all-gather', { topology, devices, bytes: 2 ** 25 });
    const exchange = collectiveJob('all-to-all', { topology, devices, bytes: 2 ** 24 });
    const rows = Array.from({ length: 16 }, (_, row) =>
      collectiveJob('all-gather', { topology, devices: devices.subarray(4 * row, 4 * row + 4), bytes: 2 ** 23 }),
    );
    for (const jobs of [
      [gather, gather],
      [gather, exchange],
      [...rows, exchange],
    ]) {
      const options = { chunkBytes: 2 ** 16 };
      const [ideal, fluid, hop] = [MODELS.ideal, MODELS.fluid, MODELS.hop].map((model) => model.run(topology, jobs, options));
      for (const job of jobs.keys()) expect(Math.abs(fluid.ends[job] / hop.ends[job] - 1)).toBeLessThan(0.05);
      expect(fluid.seconds).toBeGreaterThan(1.2 * ideal.seconds);
    }
  });

  test('what hop says that it needs is at least what it does', () => {
    for (const kind of kinds) {
      const topology = torus([4, 4], { devicesPerChip: 2 });
      const job = collectiveJob(kind, { topology, devices: everyone(topology), bytes: 2 ** 22 });
      for (const chunkBytes of [2 ** 12, 2 ** 20]) {
        const { events } = MODELS.hop.run(topology, [job], { chunkBytes });
        const estimate = hopEstimate(job.schedule(), chunkBytes);
        expect(events).toBeGreaterThan(0);
        expect(events).toBeLessThanOrEqual(estimate.events);
        expect(estimate.events).toBeLessThan(4 * events);
      }
    }
  });

  test('bytes per link are those of the plans; no link carries more than it can; nothing ends before it could alone', () => {
    for (let mix = 0; mix < 20; mix++) {
      const chunkBytes = 2 ** 16;
      const { topology, jobs } = mixOf({ seed: 5, mixes: 20, chunkBytes }, mix);
      const planned = new Float64Array(topology.links.count);
      for (const { plan } of jobs) {
        for (const { links, bytes } of plan.phases) {
          for (const [i, link] of links.entries()) planned[link] += bytes[i];
        }
      }
      const ideal = MODELS.ideal.run(topology, jobs, { chunkBytes });
      for (const model of Object.values(MODELS)) {
        const run = model.run(topology, jobs, { chunkBytes });
        for (const [link, carried] of run.linkBytes.entries()) {
          expect(Math.abs(carried - planned[link])).toBeLessThanOrEqual(1e-6);
          expect(run.linkBusySeconds[link]).toBeLessThanOrEqual(run.seconds + 1e-12);
          if (model !== MODELS.ideal) expect(carried / BANDWIDTH).toBeLessThanOrEqual(run.linkBusySeconds[link] + 1e-9);
        }
        for (const [job, end] of run.ends.entries()) expect(end).toBeGreaterThanOrEqual(ideal.ends[job] - 1e-9);
      }
    }
  });

  test('a run repeats to the bit', () => {
    const { topology, jobs } = mixOf({ seed: 6, mixes: 1, chunkBytes: 2 ** 14 }, 0);
    for (const model of Object.values(MODELS)) {
      const options = { chunkBytes: 2 ** 14 };
      expect(model.run(topology, jobs, options)).toEqual(model.run(topology, jobs, options));
    }
  });
});

describe('more asked for never ends sooner', () => {
  /**
   * Where one link is shared by all. Over several links max-min fairness itself has anomalies: a job that starts later may leave its place to
   * others, which end sooner and free what a third one waits for.
   */
  test('on one link: a slower link, more bytes, a later start', () => {
    const draft = fc.record({ chunks: fc.integer({ min: 1, max: 40 }), start: fc.integer({ min: 0, max: 60 }) });
    const chunkBytes = 45_000;
    const run = (drafts: readonly { chunks: number; start: number }[], factor: number) => {
      const topology = torus([4], factor === 1 ? {} : { slowLinks: [{ between: [0, 1], factor }] });
      const jobs = drafts.map(({ chunks, start }) => ({
        ...transferJob(topology, 0, 1, chunks * chunkBytes, dimensionOrderedRoute(topology, 0, 1)),
        starts: Float64Array.of(start * 1e-6, start * 1e-6),
      }));
      return [MODELS.ideal, MODELS.fluid, MODELS.hop].map((model) => model.run(topology, jobs, { chunkBytes }).seconds);
    };
    fc.assert(
      fc.property(fc.array(draft, { minLength: 1, maxLength: 8 }), fc.nat(7), fc.integer({ min: 1, max: 9 }), (drafts, at, more) => {
        const one = at % drafts.length;
        const before = run(drafts, 1);
        const changed = [
          run(drafts, 1 + more / 10),
          run(drafts.with(one, { ...drafts[one], chunks: drafts[one].chunks + more }), 1),
          run(drafts.with(one, { ...drafts[one], start: drafts[one].start + more }), 1),
        ];
        for (const after of changed) {
          for (const [i, seconds] of after.entries()) expect(seconds).toBeGreaterThanOrEqual(before[i] - 1e-10);
        }
      }),
      { numRuns: 60, seed: 61 },
    );
  });
});
