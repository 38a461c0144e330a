import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COLLECTIVES, type CollectiveKind, type CollectiveRequest, transferSeconds } from '../../src/collectives/index.ts';
import { isTwisted, linkFrom, noTwist, type Topology, twistOf } from '../../src/hardware/index.ts';
import { grid } from '../collectives/grids.ts';
import { HOSTS } from '../collectives/wires-of-all-sorts.ts';
import { type Movement, movedDevices, movedLinks, nextSlice, reflection, translation } from './movements.ts';
import { type Ask, anyAsk, collectiveOf, KINDS, NETWORKS, plannedBytes, ROUNDING_SECONDS, requestOf, runOf } from './questions.ts';

/**
 * The same question about chips with other numbers: the same bytes on the links that took the place of the old ones, the same bound, the same times.
 * Trees of a broadcast are found by a search that begins at the lowest numbers: others may be as quick, and deeper by a hop.
 */
function expectSame(kind: CollectiveKind, request: CollectiveRequest, to: Topology, movement: Movement): boolean {
  const moved = { ...request, topology: to, devices: movedDevices(request.topology, request.devices, movement) };
  const rows = movedLinks(request.topology, to, movement);
  const [before, after] = [request, moved].map((one) => plannedBytes(collectiveOf(kind).plan(one), one.topology));
  const most = before.reduce((max, bytes) => Math.max(max, bytes), 0);
  const wrong = [...before.keys()].filter((link) => !(Math.abs(after[rows[link]] - before[link]) <= 1e-9 * most));
  const [bound, boundAfter] = [request, moved].map((one) => collectiveOf(kind).lowerBoundSeconds(one));
  expect(Math.abs(boundAfter - bound), `${kind}: bound`).toBeLessThanOrEqual(1e-9 * bound);
  if (kind === 'broadcast') {
    const [busiest, busiestAfter] = [request, moved].map((one) =>
      collectiveOf(kind)
        .plan(one)
        .phases.reduce((sum, phase) => sum + transferSeconds(phase, one.topology), 0),
    );
    expect(Math.abs(busiestAfter - busiest)).toBeLessThanOrEqual(1e-9 * busiest);
  } else {
    expect(wrong, `${kind}: links`).toEqual([]);
    for (const network of FLUIDS) {
      const [seconds, secondsAfter] = [request, moved].map((one) => runOf(network, kind, one).seconds);
      expect(Math.abs(secondsAfter - seconds), `${kind}: ${network}`).toBeLessThanOrEqual(1e-9 * seconds + ROUNDING_SECONDS);
    }
  }
  return most > 0 && [...rows.keys()].some((row) => rows[row] !== row);
}

/** Along each dimension all or one: a part of a ring is a line of its own, whose ends are where it begins and ends in numbers. */
const wholeOrOne = (ask: Ask): Ask => ({
  ...ask,
  picks: ask.picks.map((pick, i) => (i < 3 ? 5 * Math.floor(pick / 5) + (pick % 3) : pick)),
});
/** Where several messages are as urgent as one another, `hop` takes the one that was posted first, so numbers matter a little. */
const FLUIDS = NETWORKS.filter((network) => network !== 'hop');

const tori = fc
  .record({
    shape: fc.constantFrom([5], [6], [3, 4], [4, 4], [2, 4], [2, 3, 4], [2, 2, 4]),
    isTwisted: fc.boolean(),
    devicesPerChip: fc.constantFrom(1, 2),
  })
  .map(({ shape, isTwisted, devicesPerChip }) =>
    grid(shape, true, { devicesPerChip, twist: (isTwisted ? twistOf(shape) : null) ?? noTwist(shape) }),
  );

const grids = fc
  .record({ shape: fc.constantFrom([5], [6], [3, 4], [4, 4], [2, 3, 4]), wrap: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }) })
  .map(({ shape, wrap }) => grid(shape, wrap.slice(0, shape.length)));

describe.each(KINDS)('%s', (kind) => {
  const same = (request: CollectiveRequest, to: Topology, movement: Movement) => expectSame(kind, request, to, movement);

  test('over a torus, twisted or not, it does not matter where chip 0 is', () => {
    let moved = 0;
    fc.assert(
      fc.property(tori, anyAsk, fc.nat(), (topology, ask, to) => {
        const asked = wholeOrOne(isTwisted(topology) ? { ...ask, picks: ask.picks.map(() => 0) } : ask);
        if (same(requestOf(topology, asked), topology, translation(topology, to % topology.chips))) moved++;
      }),
      { seed: 91, numRuns: 80 },
    );
    expect(moved).toBeGreaterThan(40);
  });

  test('over any grid, it does not matter from which end coordinates are counted', () => {
    let moved = 0;
    fc.assert(
      fc.property(grids, anyAsk, fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), (topology, ask, turned) => {
        if (same(requestOf(topology, ask), topology, reflection(topology, turned))) moved++;
      }),
      { seed: 92, numRuns: 80 },
    );
    expect(moved).toBeGreaterThan(40);
  });

  test('over several slices, it does not matter which is the first', () => {
    let moved = 0;
    fc.assert(
      fc.property(fc.constantFrom([4], [2, 2], [3, 2]), fc.constantFrom(2, 3), anyAsk, (shape, slices, ask) => {
        const topology = grid(shape, true, { slices, host: HOSTS });
        if (same(requestOf(topology, ask), topology, nextSlice(topology))) moved++;
      }),
      { seed: 93, numRuns: 40 },
    );
    expect(moved).toBeGreaterThan(30);
  });

  test.each(['slow', 'broken'] as const)('it does not matter which wire of a torus is %s', (what) => {
    let moved = 0;
    fc.assert(
      fc.property(fc.constantFrom([5], [6], [3, 4], [4, 4]), anyAsk, fc.nat(), fc.nat(), (shape, ask, row, to) => {
        const whole = grid(shape, true);
        const movement = translation(whole, to % whole.chips);
        const between = [whole.links.from[row % whole.links.count], whole.links.to[row % whole.links.count]] as const;
        const there = [movement.chip(between[0]), movement.chip(between[1])] as const;
        const [before, after] = [between, there].map((pair) =>
          grid(shape, true, what === 'slow' ? { slowLinks: [{ between: pair, factor: 3 }] } : { brokenLinks: [pair] }),
        );
        if (same(requestOf(before, wholeOrOne(ask)), after, movement)) moved++;
      }),
      { seed: 94, numRuns: 60 },
    );
    expect(moved).toBeGreaterThan(30);
  });
});

/** By x before y, the way back is by y before x: only all orders together are the same both ways. */
test('all-to-all by all orders of the dimensions: traffic turned round takes the opposite links', () => {
  let turned = 0;
  fc.assert(
    fc.property(grids, anyAsk, (topology, ask) => {
      const request = { ...requestOf(topology, { ...ask, isUniform: false }), routing: 'all-orders' as const };
      const { devices, traffic = new Float64Array(0) } = request;
      const members = devices.length;
      const back = traffic.map((_, i) => traffic[(i % members) * members + Math.floor(i / members)]);
      const [there, andBack] = [traffic, back].map((one) =>
        plannedBytes(COLLECTIVES['all-to-all'].plan({ ...request, traffic: one }), topology),
      );
      const { links } = topology;
      for (let link = 0; link < links.count; link++) {
        const opposite = linkFrom(topology, links.to[link], links.axis[link], links.direction[link] === 1 ? -1 : 1);
        expect(Math.abs(andBack[opposite] - there[link])).toBeLessThanOrEqual(1e-9 * there[link]);
        if (Math.abs(there[opposite] - there[link]) > 1) turned++;
      }
    }),
    { seed: 101, numRuns: 60 },
  );
  expect(turned).toBeGreaterThan(100);
});
