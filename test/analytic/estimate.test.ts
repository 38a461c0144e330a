import { expect, test } from 'vitest';
import { estimate } from '../../src/analytic/index.ts';
import { allReduceSeconds, allToAllSeconds } from '../../src/collectives/index.ts';
import { grid } from '../collectives/grids.ts';
import { programOf } from '../engine/programs.ts';

const ring = { members: 8, wrap: true, linkBytesPerSecond: 45e9, hopLatencySeconds: 1e-6 };
const topology = grid([8], true);

test('in series: the step is computation plus textbook times', () => {
  const result = estimate(
    programOf(topology, [
      { compute: 1e-3, after: [] },
      { collective: 'all-to-all', bytes: 8e6, after: [0] },
      { compute: 2e-3, after: [1] },
      { collective: 'all-reduce', bytes: 64e6, after: [2] },
    ]),
    topology,
  );
  const communication = allToAllSeconds(ring, 8e6) + allReduceSeconds(ring, 64e6);
  expect(result.computeSeconds).toBeCloseTo(3e-3, 15);
  expect(result.communicationSeconds).toBeCloseTo(communication, 15);
  expect(result.exposedCommunicationSeconds).toBeCloseTo(communication, 15);
  expect(result.stepSeconds).toBeCloseTo(3e-3 + communication, 15);
  expect(result.step).toBe(Math.round(result.stepSeconds * 1e12));
  expect(result.upperBoundSeconds).toBeCloseTo(result.stepSeconds, 15);
  expect(result.lowerBoundSeconds).toBeCloseTo(result.stepSeconds, 15);
});

test('behind a computation: only what sticks out is exposed', () => {
  const communication = allReduceSeconds(ring, 64e6);
  const result = estimate(
    programOf(topology, [
      { collective: 'all-reduce', bytes: 64e6, after: [] },
      { compute: communication - 1e-4, after: [] },
      { compute: 1e-3, after: [0] },
    ]),
    topology,
  );
  expect(result.exposedCommunicationSeconds).toBeCloseTo(1e-4, 12);
  expect(result.upperBoundSeconds).toBeCloseTo(2 * communication + 1e-3 - 1e-4, 12);
});

test('collectives that could all run at once: the busiest link bounds the step from below, the series from above', () => {
  const one = { collective: 'all-to-all', bytes: 8e6, after: [] } as const;
  const result = estimate(programOf(topology, [one, one, one]), topology);
  const bandwidthTerm = allToAllSeconds({ ...ring, hopLatencySeconds: 0 }, 8e6);
  expect(result.stepSeconds).toBeCloseTo(allToAllSeconds(ring, 8e6), 15);
  expect(result.lowerBoundSeconds).toBeCloseTo(3 * bandwidthTerm, 12);
  expect(result.upperBoundSeconds).toBeCloseTo(3 * allToAllSeconds(ring, 8e6), 12);
});

test('groups that share links add up: two interleaved rings take twice as long as one', () => {
  const groups = [
    [0, 2, 4, 6],
    [1, 3, 5, 7],
  ];
  const seconds = (chosen: number[][]) =>
    estimate(programOf(topology, [{ collective: 'all-gather', bytes: 8e6, after: [], groups: chosen }]), topology).stepSeconds - 4e-6;
  expect(seconds(groups) / seconds([groups[0]])).toBeCloseTo(2, 9);
});
