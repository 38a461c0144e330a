import { expect, test } from 'vitest';
import { COLLECTIVES, type Collective } from '../../src/collectives/index.ts';
import { buildTopology } from '../../src/hardware/index.ts';
import { MODELS } from '../../src/network/index.ts';

/** Numbers in [0, 1) from a linear congruential generator. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function ringOf(chips: number, next: () => number, mostSlower: number) {
  const slowLinks = Array.from({ length: chips }, (_, chip) => ({
    between: [chip, (chip + 1) % chips] as const,
    factor: 1 + mostSlower * next(),
  }));
  const spec = {
    shape: [chips],
    wrap: [true],
    devicesPerChip: 1,
    linkBytesPerSecond: 45e9,
    hopLatencySeconds: 1e-6,
    localBytesPerSecond: 4e11,
  };
  return buildTopology({ ...spec, slowLinks }, `ring:${chips}`, 'none');
}

function fluidOverHop(chips: number, bytes: number, skewSeconds: number, seed: number): number {
  const next = numbers(seed);
  const topology = ringOf(chips, next, 0.1);
  const request = { topology, devices: Uint32Array.from({ length: chips }, (_, chip) => chip), bytes };
  const { plan, schedule = () => expect.unreachable() } = COLLECTIVES['all-reduce'] as Collective;
  const starts = Float64Array.from({ length: chips }, () => skewSeconds * next());
  const job = { plan: plan(request), schedule: () => schedule(request), starts };
  const [fluid, hop] = [MODELS.fluid, MODELS.hop].map((model) => model.run(topology, [job], { chunkBytes: 2 ** 30 }).seconds);
  return fluid / hop;
}

test('all-reduce over links that differ by up to 10 %: one fluid is as long as every message', () => {
  for (const [chips, bytes] of [
    [8, 2 ** 22],
    [17, 2 ** 24],
    [64, 2 ** 20],
    [256, 2 ** 26],
  ]) {
    for (const seed of [1, 2, 3]) expect(Math.abs(fluidOverHop(chips, bytes, 0, seed) - 1)).toBeLessThan(1e-4);
  }
});

test('1,024 members, 256 MiB, and starts that differ by up to 100 us: within half a per cent', () => {
  expect(Math.abs(fluidOverHop(1024, 2 ** 28, 100e-6, 4) - 1)).toBeLessThan(0.005);
});
