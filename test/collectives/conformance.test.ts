import { describe, expect, test } from 'vitest';
import { COLLECTIVES, type Collective, type CollectiveKind, planSeconds, type Schedule } from '../../src/collectives/index.ts';
import { CASES } from './cases.ts';
import { routeFaults, scheduleLoads, symbolicRun } from './symbolic-run.ts';

const KINDS = Object.keys(COLLECTIVES) as CollectiveKind[];
const V = 720_720;

/** Bytes that pass from a source to a target, by "source target"; -1 is every member. What each kind is for. */
const PURPOSES: Record<CollectiveKind, (devices: Uint32Array) => Map<string, number>> = {
  'all-gather': (devices) => new Map(Array.from(devices, (source) => [`${source} -1`, V / devices.length])),
  'reduce-scatter': (devices) => new Map(Array.from(devices, (target) => [`-1 ${target}`, V / devices.length])),
  'all-reduce': () => new Map([['-1 -1', V]]),
  'all-to-all': (devices) =>
    new Map(
      Array.from(devices).flatMap((source) =>
        Array.from(devices, (target): [string, number] => [`${source} ${target}`, V / devices.length]).filter(
          ([pair]) => pair !== `${source} ${source}`,
        ),
      ),
    ),
  broadcast: (devices) => new Map([[`${devices[0]} -1`, V]]),
  permute: (devices) => new Map(Array.from(devices, (source, i) => [`${source} ${devices[(i + 1) % devices.length]}`, V])),
};

function piecesByPurpose({ pieces }: Schedule): Map<string, number> {
  const sums = new Map<string, number>();
  for (let piece = 0; piece < pieces.count; piece++) {
    if (pieces.source[piece] >= 0 && pieces.source[piece] === pieces.target[piece]) continue;
    const key = `${pieces.source[piece]} ${pieces.target[piece]}`;
    sums.set(key, (sums.get(key) ?? 0) + pieces.bytes[piece]);
  }
  return sums;
}

describe.each(KINDS)('%s', (kind) => {
  const collective: Collective = COLLECTIVES[kind];

  test.each(CASES)('$name: every target ends with its pieces, each term once', ({ topology, devices }) => {
    const schedule = collective.schedule({ topology, devices, bytes: V });
    expect(routeFaults(schedule, topology).slice(0, 5)).toEqual([]);
    const run = symbolicRun(schedule, devices);
    expect(run.faults.slice(0, 5)).toEqual([]);
    if (devices.length > 1) expect(Math.min(run.checked, run.ran)).toBeGreaterThan(0);
  });

  test.each(CASES)('$name: the pieces are what the collective is for', ({ topology, devices }) => {
    if (devices.length === 1) return;
    const schedule = collective.schedule({ topology, devices, bytes: V });
    const [found, expected] = [piecesByPurpose(schedule), PURPOSES[kind](devices)];
    expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [key, bytes] of expected) expect(found.get(key)).toBeCloseTo(bytes, 6);
  });

  test.each(CASES)('$name: messages load the links as the plan says', ({ topology, devices }) => {
    const request = { topology, devices, bytes: V };
    const schedule = collective.schedule(request);
    const { links, chips } = scheduleLoads(schedule, topology);
    const planned = new Float64Array(topology.links.count);
    let local = 0;
    for (const phase of collective.plan(request).phases) {
      for (const [i, link] of phase.links.entries()) planned[link] += phase.bytes[i];
      local += phase.localBytes;
    }
    for (let link = 0; link < links.length; link++) expect(links[link]).toBeCloseTo(planned[link], 5);
    expect(chips.reduce((most, bytes) => Math.max(most, bytes), 0)).toBeCloseTo(local, 5);
  });
});

test.each(KINDS)('%s: no plan beats the lower bound', (kind) => {
  const collective: Collective = COLLECTIVES[kind];
  for (const { topology, devices, name } of CASES) {
    const request = { topology, devices, bytes: V };
    const bound = collective.lowerBoundSeconds(request);
    expect(bound, name).toBeGreaterThanOrEqual(0);
    expect(bound, `${name}: bound`).toBeLessThanOrEqual(planSeconds(collective.plan(request), topology) * (1 + 1e-12));
  }
});
