import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildTopology, hostLinks, hostOf, LinkKind, networkLinks, type Topology, type WireSpec } from '../../src/hardware/index.ts';

const SPEED = { devicesPerChip: 2, linkBytesPerSecond: 1e9, hopLatencySeconds: 1e-6, localBytesPerSecond: 1e11 };
const HOST = { shape: [2, 2, 1], pcieBytesPerSecond: 16e9, nicBytesPerSecond: 25e9, latencySeconds: 1e-5 };
const build = (spec: Omit<WireSpec, keyof typeof SPEED>): Topology => buildTopology({ ...spec, ...SPEED }, 'test', 'none');

const anyShape = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 });
const anyWires = fc.tuple(anyShape, fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), fc.integer({ min: 1, max: 3 }));

describe('several slices', () => {
  test('each has the links of one, and no link between chips leaves its slice', () => {
    fc.assert(
      fc.property(anyWires, ([shape, wraps, slices]) => {
        const wrap = wraps.slice(0, shape.length);
        const one = build({ shape, wrap });
        const all = build({ shape, wrap, slices, host: HOST });
        expect(all.chips).toBe(one.chips * slices);
        expect(all.devices).toBe(one.devices * slices);
        for (let row = 0; row < one.links.count * slices; row++) {
          const slice = Math.floor(row / one.links.count);
          const same = row % one.links.count;
          expect(all.links.kind[row]).toBe(LinkKind.ici);
          expect(all.links.from[row]).toBe(one.links.from[same] + slice * one.chips);
          expect(all.links.to[row]).toBe(one.links.to[same] + slice * one.chips);
        }
        all.links.leaving.forEach((row, port) => {
          const same = one.links.leaving[port % one.links.leaving.length];
          const slice = Math.floor(port / one.links.leaving.length);
          expect(row).toBe(same < 0 ? -1 : same + slice * one.links.count);
        });
        expect(all.links.kind.filter((kind) => kind === LinkKind.ici)).toHaveLength(one.links.count * slices);
      }),
      { seed: 41, numRuns: 60 },
    );
  });
});

describe('hosts', () => {
  test('every chip has one, every host at most its block, and rows are where they are looked for', () => {
    fc.assert(
      fc.property(anyWires, ([shape, wraps, slices]) => {
        const topology = build({ shape, wrap: wraps.slice(0, shape.length), slices, host: HOST });
        const { hosts, links, chips } = topology;
        if (hosts === null) throw new Error('no hosts');
        const held = new Array<number>(hosts.count).fill(0);
        for (let chip = 0; chip < chips; chip++) {
          const { up, down } = hostLinks(topology, chip);
          const host = hostOf(topology, chip);
          held[host]++;
          expect([links.from[up], links.to[up], links.from[down], links.to[down]]).toEqual([chip, chips + host, chips + host, chip]);
          expect([links.kind[up], links.direction[up], links.direction[down]]).toEqual([LinkKind.pcie, 1, -1]);
          expect(links.bytesPerSecond[up]).toBe(HOST.pcieBytesPerSecond);
          expect(Math.floor(host / (hosts.count / slices))).toBe(Math.floor(chip / (chips / slices)));
        }
        expect(Math.min(...held)).toBeGreaterThan(0);
        expect(Math.max(...held)).toBe(hosts.chipsPerHost);
        expect(hosts.chipsPerHost).toBeLessThanOrEqual(4);
        for (let host = 0; host < hosts.count; host++) {
          const { up, down } = networkLinks(topology, host);
          expect([links.from[up], links.to[up], links.from[down], links.to[down]]).toEqual([
            chips + host,
            hosts.network,
            hosts.network,
            chips + host,
          ]);
          expect(links.kind[up]).toBe(LinkKind.nic);
          expect(links.bytesPerSecond[down]).toBe(HOST.nicBytesPerSecond);
        }
        expect([hosts.first, hosts.network]).toEqual([chips, chips + hosts.count]);
      }),
      { seed: 42, numRuns: 60 },
    );
  });

  test.each([
    ['a pod of v5e', [16, 16], [4, 2], 32],
    ['a block that lies the other way round', [2, 4], [4, 2], 1],
    ['less than a block', [1, 1], [4, 2], 1],
    ['half a block', [2, 2], [4, 2], 1],
    ['16x16x16 of v4', [16, 16, 16], [2, 2, 1], 1024],
    ['a block that does not divide', [3, 3], [2, 2], 4],
    ['a plane that only fits upright', [1, 2, 2], [2, 2, 1], 1],
  ])('%s: %j by %j has %i', (_, shape, block, count) => {
    expect(build({ shape, wrap: shape.map(() => false), host: { ...HOST, shape: block } }).hosts?.count).toBe(count);
  });
});

/** The plain wires, and a wire of theirs by its two chips. */
const withLink = anyWires
  .filter(([shape]) => shape.some((side) => side > 1))
  .chain(([shape, wraps]) => {
    const wrap = wraps.slice(0, shape.length);
    const whole = build({ shape, wrap });
    return fc.integer({ min: 0, max: whole.links.count - 1 }).map((row) => {
      const between: readonly [number, number] = [whole.links.from[row], whole.links.to[row]];
      return { shape, wrap, whole, between };
    });
  });

describe('a broken wire', () => {
  test('is gone in both directions, and all others stay in their order', () => {
    fc.assert(
      fc.property(withLink, ({ shape, wrap, whole, between }) => {
        const broken = build({ shape, wrap, brokenLinks: [between] });
        const joins = ({ links }: Topology, row: number) => {
          const ends = [links.from[row], links.to[row]];
          return ends.includes(between[0]) && ends.includes(between[1]);
        };
        const left = Array.from({ length: whole.links.count }, (_, row) => row).filter((row) => !joins(whole, row));
        expect(broken.links.count).toBe(left.length);
        expect([...broken.links.from]).toEqual(left.map((row) => whole.links.from[row]));
        expect([...broken.links.to]).toEqual(left.map((row) => whole.links.to[row]));
        whole.links.leaving.forEach((row, port) => {
          expect(broken.links.leaving[port]).toBe(row < 0 || joins(whole, row) ? -1 : left.indexOf(row));
        });
        expect([whole.uniform, broken.uniform]).toEqual([true, false]);
      }),
      { seed: 43, numRuns: 60 },
    );
  });
});

describe('a slow wire', () => {
  test('has its share of the bandwidth in both directions, and no other changes', () => {
    fc.assert(
      fc.property(withLink, fc.integer({ min: 1, max: 9 }), ({ shape, wrap, whole, between }, factor) => {
        const slow = build({ shape, wrap, slowLinks: [{ between, factor }] });
        expect({ ...slow.links, bytesPerSecond: 0 }).toEqual({ ...whole.links, bytesPerSecond: 0 });
        slow.links.bytesPerSecond.forEach((bytesPerSecond, row) => {
          const ends = [slow.links.from[row], slow.links.to[row]];
          const named = ends.includes(between[0]) && ends.includes(between[1]);
          expect(bytesPerSecond).toBe(named ? 1e9 / factor : 1e9);
        });
        expect(slow.uniform).toBe(factor === 1);
      }),
      { seed: 44, numRuns: 60 },
    );
  });
});

test('55,296 links of 16x24x24 are built within 15 ms of processor time', () => {
  const milliseconds = Array.from({ length: 8 }, () => {
    const since = process.cpuUsage();
    expect(build({ shape: [16, 24, 24], wrap: [true, true, true] }).links.count).toBe(55_296);
    const { user, system } = process.cpuUsage(since);
    return (user + system) / 1000;
  });
  expect(Math.min(...milliseconds)).toBeLessThan(15);
});
