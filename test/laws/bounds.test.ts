import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CollectiveKind, ROUTINGS, transferSeconds } from '../../src/collectives/index.ts';
import { isTwisted, noTwist, type Topology, twistOf } from '../../src/hardware/index.ts';
import { allDevices, grid } from '../collectives/grids.ts';
import { anyQuestion, collectiveOf, KINDS, NETWORKS, ROUNDING_SECONDS, runOf, tally, WIRES } from './questions.ts';

describe.each(KINDS)('%s', (kind) => {
  test('is never faster than the wires allow: over any wires, for any group, on any way, in any model', () => {
    const seen = tally();
    fc.assert(
      fc.property(anyQuestion(), ({ wires, request }) => {
        const bound = collectiveOf(kind).lowerBoundSeconds(request);
        for (const network of NETWORKS) {
          expect(runOf(network, kind, request).seconds, `${network} over ${wires}`).toBeGreaterThanOrEqual(
            bound * (1 - 1e-9) - ROUNDING_SECONDS,
          );
        }
        if (bound > 1e-6) for (const name of [wires, request.routing ?? '']) seen.count(name);
      }),
      { seed: 81, numRuns: 150 },
    );
    expect(seen.least([...Object.keys(WIRES), ...ROUTINGS])).toBeGreaterThan(8);
  });
});

/** Closed grids, and twisted ones where the sides allow it. */
const idleTori: fc.Arbitrary<Topology> = fc
  .record({
    shape: fc.array(fc.integer({ min: 2, max: 8 }), { minLength: 1, maxLength: 3 }).filter((sides) => sides.reduce((a, b) => a * b) <= 128),
    isTwisted: fc.boolean(),
  })
  .map(({ shape, isTwisted }) => grid(shape, true, { twist: (isTwisted ? twistOf(shape) : null) ?? noTwist(shape) }));

describe('an idle torus, everybody taking part, many bytes', () => {
  const BYTES = 2 ** 30;
  /** Every member's one way is as short as any, and on most wires all of them go in one direction: half of the links have nothing to do. */
  const ONE_DIRECTION: CollectiveKind = 'permute';

  test.each(KINDS.filter((kind) => kind !== ONE_DIRECTION))('%s keeps every link at work: no slower than the wires allow', (kind) => {
    const seen = tally();
    fc.assert(
      fc.property(idleTori, fc.nat(1000), (topology, root) => {
        const request = { topology, devices: allDevices(topology), bytes: BYTES, root: root % topology.devices };
        const bound = collectiveOf(kind).lowerBoundSeconds(request);
        const plan = collectiveOf(kind).plan(request);
        const busiest = plan.phases.reduce((sum, phase) => sum + transferSeconds(phase, topology), 0);
        expect(busiest / bound).toBeCloseTo(1, 9);
        const latency = plan.phases.reduce((sum, phase) => sum + phase.latencySeconds, 0);
        for (const network of ['ideal', 'fluid'] as const) {
          expect(runOf(network, kind, request).seconds).toBeLessThanOrEqual(1.05 * bound + latency);
        }
        seen.count(isTwisted(topology) ? 'twisted' : `${topology.shape.length}`);
      }),
      { seed: 82, numRuns: 60 },
    );
    expect(seen.least(['1', '2', '3', 'twisted'])).toBeGreaterThan(0);
  });

  /**
   * With sides of at least 4, or all of 3. A short side beside others hands blocks of unlike sizes to them, which wait for one another: beside a side
   * of 3 up to 1.07 times as long, beside one of 2, whose two wires share them, up to 1.23 times.
   */
  const sidesOfFour = fc
    .oneof(fc.array(fc.integer({ min: 4, max: 9 }), { minLength: 1, maxLength: 3 }), fc.constantFrom([3], [3, 3], [3, 3, 3]))
    .filter((shape) => shape.reduce((a, b) => a * b) <= 64);

  test.each(KINDS.filter((kind) => kind !== ONE_DIRECTION))('%s in hop, message by message, is within a twentieth of that', (kind) => {
    let several = 0;
    fc.assert(
      fc.property(sidesOfFour, (shape) => {
        const topology = grid(shape, true);
        const request = { topology, devices: allDevices(topology), bytes: BYTES };
        const latency = collectiveOf(kind)
          .plan(request)
          .phases.reduce((sum, phase) => sum + phase.latencySeconds, 0);
        const { seconds } = runOf('hop', kind, request);
        expect(seconds, shape.join('x')).toBeLessThanOrEqual(1.05 * collectiveOf(kind).lowerBoundSeconds(request) + latency);
        if (shape.length > 1) several++;
      }),
      { seed: 88, numRuns: 25 },
    );
    expect(several).toBeGreaterThan(8);
  });

  test('permute to the next member takes at most the links of one direction of a plain torus', () => {
    fc.assert(
      fc.property(idleTori, (topology) => {
        if (isTwisted(topology)) return;
        const request = { topology, devices: allDevices(topology), bytes: BYTES };
        const [phase] = collectiveOf('permute').plan(request).phases;
        expect(transferSeconds(phase, topology)).toBeLessThanOrEqual((BYTES / 45e9) * (1 + 1e-12));
      }),
      { seed: 83, numRuns: 60 },
    );
  });
});
