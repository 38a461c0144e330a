import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/index.ts';
import { COLLECTIVES, type CollectiveKind, ROUTINGS } from '../../src/collectives/index.ts';
import { resolveWires } from '../../src/intake/index.ts';
import { MODELS, type NetworkKind } from '../../src/network/index.ts';
import { isIssues, readStored } from '../../src/result/index.ts';
import { collectiveGroups } from '../../src/study/collective/groups.ts';
import { missingLinks } from '../../src/study/collective/link-use.ts';
import { type CollectiveInput, checkCollective, groupSize } from '../../src/study/index.ts';
import { inputOn, MEBIBYTE, resultOn } from './collective-input.ts';

const KINDS = Object.keys(COLLECTIVES) as CollectiveKind[];
const NETWORKS = Object.keys(MODELS) as NetworkKind[];
const WIRES = ['ring:6', 'line:5', 'torus:4x4', 'mesh:3x4', 'tpu-v3:4x4', 'torus:2x2x4_twisted', 'tpu-v4:2x2x4*2', 'tpu-v5e:1x1'];

describe.each(WIRES)('on %s', (name) => {
  describe.each(NETWORKS)('%s', (network) => {
    it.each(KINDS)('%s: no faster than the bound, no link above what it can carry, stored and read again', (op) => {
      const result = resultOn(name, { op, network, chunkBytes: MEBIBYTE / 4 });
      const { linkUtilisation, links, linkKinds, seconds } = result;
      expect(seconds).toBeGreaterThanOrEqual(result.lowerBoundSeconds * (1 - 1e-9));
      expect(linkUtilisation.min).toBeLessThanOrEqual(linkUtilisation.mean);
      expect(linkUtilisation.mean).toBeLessThanOrEqual(linkUtilisation.max);
      // Half a picosecond per rounded duration.
      expect(linkUtilisation.max).toBeLessThanOrEqual(1 + 1e-6);
      expect(links.rows.length).toBe(links.count);
      expect(linkKinds.reduce((sum, { count }) => sum + count, 0)).toBe(links.count);
      expect(Math.max(0, ...links.rows.map(({ utilisation }) => utilisation))).toBe(linkUtilisation.max);
      const stored = readStored(JSON.parse(JSON.stringify(result)));
      expect(isIssues(stored) ? stored : stored.kind).toBe('collective');
    });
  });
});

describe('the numbers of a collective', () => {
  it('are those of nccl-tests', () => {
    const { seconds, algorithmBytesPerSecond, busBytesPerSecond } = resultOn('ring:8', { op: 'all-reduce', bytes: 64 * MEBIBYTE });
    expect(algorithmBytesPerSecond).toBeCloseTo((64 * MEBIBYTE) / seconds, 3);
    expect(busBytesPerSecond).toBeCloseTo((((64 * MEBIBYTE) / seconds) * 2 * 7) / 8, 3);
  });

  it('use of a link is its bytes over what it could carry', () => {
    const { topology } = inputOn('tpu-v4:4x4x8');
    const { links, seconds } = resultOn('tpu-v4:4x4x8');
    for (const [row, { bytes, utilisation }] of links.rows.entries()) {
      expect(utilisation).toBeCloseTo(bytes / (topology.links.bytesPerSecond[row] * seconds), 12);
    }
  });

  it('every routing stands beside the one that was chosen, and they differ for uneven traffic', () => {
    const members = 16;
    const traffic = Float64Array.from({ length: members * members }, (_, i) => (i % members === 5 ? MEBIBYTE * (1 + (i % 7)) : 100));
    const { routing, routings, seconds } = resultOn('torus:4x4', { traffic, bytes: null, network: 'ideal' });
    expect(routings.map((one) => one.routing)).toEqual(ROUTINGS);
    expect(routings.find((one) => one.routing === routing)?.seconds).toBeCloseTo(seconds, 11);
    expect(new Set(routings.map((one) => one.seconds)).size).toBeGreaterThan(1);
  });

  it('a matrix in bytes is what it says; with bytes it is scaled to that mean row', () => {
    const traffic = Float64Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 7 : i * 1000));
    const own = resultOn('ring:4', { traffic, bytes: null });
    expect(own.bytesPerDevice).toBe(traffic.reduce((sum, bytes) => sum + bytes, 0) / 4);
    expect(own.traffic).toMatchObject({ scaled: false, totalBytes: traffic.reduce((sum, bytes) => sum + bytes, 0) - 28 });
    const scaled = resultOn('ring:4', { traffic, bytes: MEBIBYTE });
    expect(scaled.bytesPerDevice).toBe(MEBIBYTE);
    expect(scaled.traffic?.totalBytes).toBeCloseTo(((own.traffic?.totalBytes ?? 0) * MEBIBYTE) / own.bytesPerDevice, 3);
    expect(scaled.links.rows[0].bytes).toBeCloseTo((own.links.rows[0].bytes * MEBIBYTE) / own.bytesPerDevice, 3);
  });

  it('equal entries are the uniform all-to-all', () => {
    const uniform = resultOn('torus:4x4');
    const same = resultOn('torus:4x4', { traffic: new Float64Array(256).fill(3) });
    expect(same.seconds).toBeCloseTo(uniform.seconds, 12);
    expect(same.busBytesPerSecond).toBeCloseTo(uniform.busBytesPerSecond ?? 0, 0);
  });

  it('nothing takes no time, and has no bandwidth', () => {
    const result = resultOn('tpu-v5e:1x1', { op: 'all-reduce' });
    expect(result).toMatchObject({ seconds: 0, busBytesPerSecond: null, algorithmBytesPerSecond: null, busiestLink: null });
    expect(result.linkUtilisation).toEqual({ min: 0, mean: 0, max: 0 });
  });

  it('a broken wire and a slow one are named, and cost time', () => {
    const whole = resultOn('tpu-v4:4x4x4');
    const damaged = resultOn('tpu-v4:4x4x4', {}, { brokenLinks: [[0, 1]], slowLinks: [{ between: [4, 8], factor: 2 }] });
    expect(damaged.seconds).toBeGreaterThan(whole.seconds);
    expect(damaged.brokenLinks).toEqual([
      { from: 0, to: 1, axis: 0, direction: 1 },
      { from: 1, to: 0, axis: 0, direction: -1 },
    ]);
    expect(damaged.slowLinks).toEqual([{ between: [4, 8], factor: 2 }]);
  });

  it('several slices use hosts and the network between them', () => {
    const { linkKinds, wires } = resultOn('tpu-v4:4x4x4*2', { op: 'all-reduce' });
    expect(linkKinds.map(({ kind }) => kind)).toEqual(['ici', 'pcie', 'nic']);
    expect(wires).toMatchObject({ slices: 2, hosts: 32, devices: 128 });
  });

  it('equal requests have equal fingerprints, whenever they run; others have others', () => {
    const one = resultOn('ring:4');
    expect(resultOn('ring:4').fingerprint).toBe(one.fingerprint);
    for (const other of [resultOn('ring:5'), resultOn('ring:4', { bytes: MEBIBYTE + 1 }), resultOn('ring:4', { network: 'ideal' })]) {
      expect(other.fingerprint).not.toBe(one.fingerprint);
    }
  });
});

describe('groups', () => {
  it('along any dimensions hold every device once', () => {
    fc.assert(
      fc.property(fc.constantFrom('tpu-v3:4x4', 'tpu-v4:4x4x4*2', 'mesh:2x3x4'), fc.subarray([0, 1, 2]), (name, wanted) => {
        const { topology } = resolveWires(name);
        const axes = wanted.filter((axis) => axis < topology.shape.length);
        const groups = collectiveGroups(topology, axes);
        const all = groups.flatMap((group) => [...group]).sort((a, b) => a - b);
        expect(all).toEqual(Array.from({ length: topology.devices }, (_, device) => device));
        for (const group of groups) expect(group.length).toBe(groupSize(topology, axes));
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  it('count the first dimension fastest', () => {
    const { topology } = resolveWires('mesh:2x3');
    expect(collectiveGroups(topology, [1, 0]).map((group) => [...group])).toEqual([[0, 2, 4, 1, 3, 5]]);
    expect(collectiveGroups(topology, [0]).map((group) => [...group])).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
  });

  it('that share no wires take as long as one of them', () => {
    const lines = resultOn('torus:4x8', { op: 'all-gather', axes: [1], bytes: MEBIBYTE });
    expect(lines).toMatchObject({ groups: 4, members: 8, axes: 'y' });
    expect(lines.seconds).toBeCloseTo(resultOn('ring:8', { op: 'all-gather' }).seconds, 12);
    expect(lines.linkUtilisation.min).toBe(0);
  });
});

describe('links that are missing', () => {
  it('are those that were taken away, both directions, whatever the shape', () => {
    fc.assert(
      fc.property(fc.constantFrom('ring:5', 'torus:4x4', 'tpu-v4:4x4x8_twisted', 'mesh:3x3', 'torus:2x4'), fc.nat(), (name, pick) => {
        const { topology } = resolveWires(name);
        const row = pick % topology.links.count;
        const pair = [topology.links.from[row], topology.links.to[row]] as const;
        const wires = topology.links.from.reduce(
          (count, from, i) => count + (from === pair[0] && topology.links.to[i] === pair[1] ? 1 : 0),
          0,
        );
        const broken = resolveWires(name, { brokenLinks: [pair] }).topology;
        const missing = missingLinks(broken);
        expect(missing.length).toBe(topology.links.count - broken.links.count);
        expect(missingLinks(topology)).toEqual([]);
        for (const { from, to } of missing) expect([from, to].sort()).toEqual([...pair].sort());
        expect(missing.length).toBeLessThanOrEqual(2 * wires);
      }),
      { seed: 2, numRuns: 60 },
    );
  });
});

describe('what does not go together', () => {
  const codesOf = (changes: Partial<CollectiveInput>) =>
    checkCollective(inputOn('torus:4x4', changes)).map(({ code, path }) => `${code} ${path}`);

  it.each<[string, Partial<CollectiveInput>, string[]]>([
    ['traffic of another operation', { op: 'all-reduce', traffic: new Float64Array(256).fill(1) }, ['E_OPTION_FIT --traffic']],
    ['a routing of another operation', { op: 'all-reduce', routing: 'balanced' }, ['E_OPTION_FIT --routing']],
    ['a root of another operation', { root: 3 }, ['E_OPTION_FIT --root']],
    ['a shift of another operation', { shift: 3 }, ['E_OPTION_FIT --shift']],
    ['no bytes', { bytes: null }, ['E_OPTION_FIT --bytes']],
    ['a root beyond the group', { op: 'broadcast', root: 16 }, ['E_RANGE --root']],
    ['a shift to itself', { op: 'permute', shift: 0 }, ['E_RANGE --shift']],
    ['a shift round the group', { op: 'permute', shift: 16 }, ['E_RANGE --shift']],
    ['a matrix of another size', { traffic: new Float64Array(9).fill(1) }, ['E_TRAFFIC_SIZE --traffic']],
    ['a matrix without bytes', { traffic: new Float64Array(256) }, ['E_TRAFFIC_VALUE --traffic']],
    ['an axis that the shape has not', { axes: [2] }, ['E_OPTION_FIT --axes']],
    ['an axis twice', { axes: [0, 0] }, ['E_OPTION_FIT --axes']],
    ['several at once', { op: 'all-gather', root: 1, shift: 1 }, ['E_OPTION_FIT --root', 'E_OPTION_FIT --shift']],
  ])('%s is refused', (_, changes, codes) => expect(codesOf(changes)).toEqual(codes));

  it('what is right is not', () => {
    for (const op of KINDS) expect(codesOf({ op })).toEqual([]);
    expect(codesOf({ op: 'permute', shift: 15 })).toEqual([]);
    expect(codesOf({ axes: [1, 0] })).toEqual([]);
  });

  it.each<[string, Partial<CollectiveInput>, string]>([
    ['too many events hop by hop', { network: 'hop', chunkBytes: 1, bytes: 2 ** 35 }, 'E_NETWORK_SIZE'],
    ['a routing that the wires cannot have', { routing: 'all-orders' }, 'E_ROUTING'],
    ['hours of simulated time', { bytes: 2 ** 56 }, 'E_RANGE'],
  ])('%s is refused before it runs', (_, changes, code) => {
    const run = () => resultOn('torus:4x4x8_twisted', changes);
    expect(run).toThrow(InputError);
    expect(run).toThrow(code);
  });
});
