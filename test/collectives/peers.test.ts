import { describe, expect, test } from 'vitest';
import { type PeerCollective, peerTorus, readPeerCollectives } from '../../src/cli/benchmarks/engine/peers.ts';
import { boundSeconds, jobOf, WHOLE_MESSAGES } from '../../src/cli/benchmarks/engine/requests.ts';
import { allDevices } from '../../src/cli/benchmarks/engine/torus.ts';
import { MODELS } from '../../src/network/index.ts';

/** Collectives that another simulator was asked for (`data/peers`), each question once, whatever backend or algorithm answered it. */
const peers = readPeerCollectives();
const questions = new Map(peers.cases.map((one) => [`${one.collective} of ${one.bytes} bytes on ${one.shape.join('x')}`, one]));

const LARGE = 2 ** 26;

describe.each([...questions])('%s', (_, one) => {
  const topology = peerTorus(peers, one);
  const request = { topology, devices: allDevices(topology), bytes: one.bytes };
  const bound = boundSeconds(one.collective, request);

  test('our bound of the wires is theirs, to half a nanosecond', () => {
    expect(Math.abs(bound * 1e9 - one.wiresLowerBoundNanoseconds)).toBeLessThanOrEqual(0.5 + 1e-6);
  });

  test('our result is not below the bound, and within 5 % and the latency of it', () => {
    const job = jobOf(one.collective, request);
    const { seconds } = MODELS.fluid.run(topology, [job], WHOLE_MESSAGES);
    expect(seconds).toBeGreaterThanOrEqual(bound * (1 - 1e-9));
    const latency = job.plan.phases.reduce((sum, phase) => sum + phase.latencySeconds, 0);
    expect(seconds).toBeLessThanOrEqual(1.05 * bound + latency);
  });
});

test('rings and tori, small and large, of both collectives were looked at', () => {
  const all = [...questions.values()];
  const count = (test: (one: PeerCollective) => boolean) => all.filter(test).length;
  expect(count(({ collective }) => collective === 'all-reduce')).toBeGreaterThanOrEqual(20);
  expect(count(({ collective }) => collective === 'all-to-all')).toBeGreaterThanOrEqual(20);
  expect(count(({ shape }) => shape.length === 3)).toBeGreaterThanOrEqual(12);
  expect(count(({ bytes }) => bytes >= LARGE)).toBeGreaterThanOrEqual(25);
  // Answers below the bound exist, or the bound would separate nothing.
  const answered = peers.cases.filter(({ simulatedNanoseconds }) => simulatedNanoseconds !== null);
  const below = answered.filter(
    ({ simulatedNanoseconds, wiresLowerBoundNanoseconds }) => (simulatedNanoseconds ?? 0) < wiresLowerBoundNanoseconds,
  );
  expect(below.length).toBeGreaterThan(0);
  expect(below.length).toBeLessThan(answered.length / 2);
});
