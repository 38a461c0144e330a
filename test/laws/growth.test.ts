import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CollectiveRequest, planSeconds } from '../../src/collectives/index.ts';
import type { Topology } from '../../src/hardware/index.ts';
import { MODELS, type NetworkKind } from '../../src/network/index.ts';
import { grid } from '../collectives/grids.ts';
import {
  anyAsk,
  anyQuestion,
  collectiveOf,
  jobOf,
  KINDS,
  NETWORKS,
  ROUNDING_SECONDS,
  requestOf,
  runOf,
  tally,
  WIRES,
} from './questions.ts';

const FLUIDS = NETWORKS.filter((network) => network !== 'hop');

const times = (values: Float64Array, factor: number): Float64Array => values.map((value) => value * factor);

/** All bandwidths times a factor: links, hosts, network and memory. */
function faster(topology: Topology, factor: number): Topology {
  const links = { ...topology.links, bytesPerSecond: times(topology.links.bytesPerSecond, factor) };
  return { ...topology, links, localBytesPerSecond: topology.localBytesPerSecond * factor };
}

/** One direction of one wire. */
function slower(topology: Topology, link: number, factor: number): Topology {
  const bytesPerSecond = topology.links.bytesPerSecond.with(link, topology.links.bytesPerSecond[link] / factor);
  return { ...topology, uniform: false, links: { ...topology.links, bytesPerSecond } };
}

const moreBytes = (request: CollectiveRequest, factor: number): CollectiveRequest => ({
  ...request,
  bytes: request.bytes * factor,
  ...(request.traffic ? { traffic: times(request.traffic, factor) } : {}),
});

const withoutLatency = (topology: Topology): Topology => ({
  ...topology,
  hopLatencySeconds: 0,
  hosts: topology.hosts && { ...topology.hosts, latencySeconds: 0 },
});

const longerHops = (topology: Topology, factor: number): Topology => ({
  ...topology,
  hopLatencySeconds: topology.hopLatencySeconds * factor,
  hosts: topology.hosts && { ...topology.hosts, latencySeconds: topology.hosts.latencySeconds * factor },
});

describe.each(KINDS)('%s', (kind) => {
  test('twice the bandwidth halves the bandwidth term and the bound, to the bit', () => {
    const seen = tally();
    fc.assert(
      fc.property(anyQuestion(), ({ wires, request }) => {
        const before = { ...request, topology: withoutLatency(request.topology) };
        const after = { ...before, topology: faster(before.topology, 2) };
        const [slow, quick] = [before, after].map((one) => planSeconds(collectiveOf(kind).plan(one), one.topology));
        expect(quick).toBe(slow / 2);
        expect(collectiveOf(kind).lowerBoundSeconds(after)).toBe(collectiveOf(kind).lowerBoundSeconds(before) / 2);
        if (slow > 0) seen.count(wires);
      }),
      { seed: 95, numRuns: 100 },
    );
    expect(seen.least(Object.keys(WIRES))).toBeGreaterThan(5);
  });

  test('a slower link never lowers the bound', () => {
    let raised = 0;
    fc.assert(
      fc.property(anyQuestion(), fc.nat(), fc.integer({ min: 11, max: 40 }), ({ request }, which, tenths) => {
        const { topology } = request;
        const bound = (wires: Topology) => collectiveOf(kind).lowerBoundSeconds({ ...request, topology: wires });
        const [before, after] = [bound(topology), bound(slower(topology, which % topology.links.count, tenths / 10))];
        expect(after).toBeGreaterThanOrEqual(before * (1 - 1e-12));
        if (after > before) raised++;
      }),
      { seed: 101, numRuns: 300 },
    );
    expect(raised).toBeGreaterThan(10);
  });

  /** In `ideal` and `fluid`. In `hop` a slower link may change whose turn it is, and end messages sooner that others wait for: by 0.4 % in a ring of five. */
  test('more bytes, a slower link, longer hops or a later member never end it sooner', () => {
    const seen = tally();
    const changes = ['bytes', 'link', 'hops', 'member'] as const;
    fc.assert(
      fc.property(
        anyQuestion(),
        fc.constantFrom(...changes),
        fc.nat(),
        fc.integer({ min: 11, max: 40 }),
        ({ request }, change, which, tenths) => {
          const { topology, devices } = request;
          const factor = tenths / 10;
          const one = (network: NetworkKind, asked: CollectiveRequest, late = 0) => {
            const starts = new Float64Array(devices.length).with(which % devices.length, late);
            const chunkBytes = request.bytes / 16;
            return MODELS[network].run(asked.topology, [{ ...jobOf(kind, asked), starts }], { chunkBytes }).seconds;
          };
          const changed: Record<(typeof changes)[number], CollectiveRequest> = {
            bytes: moreBytes(request, factor),
            link: { ...request, topology: slower(topology, which % topology.links.count, factor) },
            hops: { ...request, topology: longerHops(topology, factor) },
            member: request,
          };
          for (const network of FLUIDS) {
            const before = one(network, request);
            const after = one(network, changed[change], change === 'member' ? factor * 1e-5 : 0);
            expect(after, `${network}: ${change}`).toBeGreaterThanOrEqual(before * (1 - 1e-9) - ROUNDING_SECONDS);
            if (after > before * 1.01) seen.count(`${network} ${change}`);
          }
        },
      ),
      { seed: 96, numRuns: 150 },
    );
    expect(seen.least(FLUIDS.flatMap((network) => changes.map((change) => `${network} ${change}`)))).toBeGreaterThan(5);
  });
});

const areApart = (some: ReadonlySet<number>, others: ReadonlySet<number>): boolean => [...some].every((one) => !others.has(one));

describe('several jobs', () => {
  const jobs = fc.array(fc.record({ kind: fc.constantFrom(...KINDS), ask: anyAsk, late: fc.nat(50) }), { minLength: 1, maxLength: 5 });

  test('none ends before it would alone: ideal is the least that fluid takes, and what it takes for one', () => {
    let single = 0;
    let slowed = 0;
    fc.assert(
      fc.property(fc.oneof(...Object.values(WIRES)), jobs, (topology, drafts) => {
        const asked = drafts.map(({ kind, ask, late }) => {
          const request = requestOf(topology, ask);
          return { ...jobOf(kind, request), starts: new Float64Array(request.devices.length).fill(late * 1e-6) };
        });
        const [ideal, fluid] = [MODELS.ideal, MODELS.fluid].map((model) => model.run(topology, asked, { chunkBytes: 1 }).ends);
        if (asked.length === 1) {
          expect(fluid).toEqual(ideal);
          single++;
        }
        for (const [job, end] of ideal.entries()) {
          expect(fluid[job]).toBeGreaterThanOrEqual(end - ROUNDING_SECONDS);
          if (fluid[job] > end * 1.01) slowed++;
        }
      }),
      { seed: 97, numRuns: 200 },
    );
    expect(Math.min(single, slowed)).toBeGreaterThan(20);
  });

  test('a job that shares no link with others ends as if it were alone, in every model', () => {
    let apart = 0;
    fc.assert(
      fc.property(fc.oneof(...Object.values(WIRES)), jobs, (topology, drafts) => {
        const requests = drafts.map(({ ask }) => requestOf(topology, ask));
        const made = drafts.map(({ kind }, job) => jobOf(kind, requests[job]));
        const links = made.map(({ plan }) => new Set(plan.phases.flatMap((phase) => [...phase.links])));
        const chips = requests.map(({ devices }) => new Set(devices.map((device) => Math.floor(device / topology.devicesPerChip))));
        const alone = [...made.keys()].filter((job) =>
          made.every((_, other) => other === job || (areApart(links[job], links[other]) && areApart(chips[job], chips[other]))),
        );
        if (made.length === 1 || alone.length === 0) return;
        for (const network of NETWORKS) {
          const options = { chunkBytes: 2 ** 16 };
          const { ends } = MODELS[network].run(topology, made, options);
          for (const job of alone) expect(ends[job]).toBe(MODELS[network].run(topology, [made[job]], options).seconds);
        }
        apart++;
      }),
      { seed: 98, numRuns: 400 },
    );
    expect(apart).toBeGreaterThan(15);
  });
});

describe('what takes no part changes nothing', () => {
  test.each(KINDS)('%s: another slice', (kind) => {
    let looked = 0;
    fc.assert(
      fc.property(fc.constantFrom([5], [4, 4], [2, 3]), fc.boolean(), anyAsk, fc.nat(), (shape, wrap, ask, which) => {
        const host = { shape: [2], pcieBytesPerSecond: 16e9, nicBytesPerSecond: 25e9, latencySeconds: 1e-5 };
        const [one, three] = [grid(shape, wrap), grid(shape, wrap, { slices: 3, host })];
        const request = requestOf(one, ask);
        const first = (which % 3) * one.devices;
        const beside = { ...request, topology: three, devices: request.devices.map((device) => device + first) };
        expect(collectiveOf(kind).lowerBoundSeconds(beside)).toBe(collectiveOf(kind).lowerBoundSeconds(request));
        for (const network of NETWORKS) expect(runOf(network, kind, beside).seconds).toBe(runOf(network, kind, request).seconds);
        looked++;
      }),
      { seed: 99, numRuns: 40 },
    );
    expect(looked).toBe(40);
  });

  test.each(KINDS)('%s: chips behind the end of an open dimension', (kind) => {
    let looked = 0;
    fc.assert(
      fc.property(fc.constantFrom<number[]>([5], [4, 4], [2, 3], [2, 2, 2]), anyAsk, fc.integer({ min: 1, max: 3 }), (shape, ask, more) => {
        const [few, many] = [grid(shape, false), grid(shape.with(-1, (shape.at(-1) ?? 0) + more), false)];
        const request = requestOf(few, ask);
        const beside = { ...request, topology: many };
        for (const network of NETWORKS) expect(runOf(network, kind, beside).seconds).toBe(runOf(network, kind, request).seconds);
        looked++;
      }),
      { seed: 100, numRuns: 40 },
    );
    expect(looked).toBe(40);
  });
});
