import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { engineCases } from '../../src/cli/benchmarks/engine/cases.ts';
import type { EngineCase, EngineRow, ProcessMeter } from '../../src/cli/benchmarks/engine/engine-case.ts';
import { measureCase } from '../../src/cli/benchmarks/engine/engine-case.ts';
import { syntheticStep } from '../../src/cli/benchmarks/engine/synthetic-step.ts';
import { torus, twistedTorus } from '../../src/cli/benchmarks/engine/torus.ts';
import { skewedTraffic, trafficTimesDistance } from '../../src/cli/benchmarks/engine/traffic.ts';
import { measureEngine } from '../../src/cli/benchmarks/engine.ts';
import { main } from '../../src/cli/index.ts';
import { machineOf } from '../../src/cli/machine.ts';
import { benchmarkText } from '../../src/cli/run-benchmark.ts';
import { simulate } from '../../src/engine/index.ts';
import { checkProgram } from '../../src/program/index.ts';
import { listen } from './listen.ts';

/** A case whose runs take these seconds, the last of them again and again, and the process that it runs in. */
function timedCase(
  seconds: readonly number[],
  { result = { answer: 42 }, ...rest }: Partial<EngineCase> & Partial<Pick<EngineRow, 'result'>> = {},
) {
  let runs = 0;
  let now = 0;
  const one: EngineCase = {
    name: 'timed',
    title: 'a timed case',
    bars: {},
    open: () => ({
      run: () => {
        now += seconds[Math.min(runs++, seconds.length - 1)];
      },
      answer: () => ({ events: 100, result, errors: [] }),
    }),
    ...rest,
  };
  const meter: ProcessMeter = { processorSeconds: () => now, peakBytes: () => 300 * 2 ** 20 };
  return { one, meter, runs: () => runs };
}

describe('one case', () => {
  it('is warmed up, then measured once per round; the best round counts', () => {
    const { one, meter, runs } = timedCase([0.875, 0.5, 0.25, 0.375]);
    const row = measureCase(one, 3, meter);
    expect(runs()).toBe(4);
    expect(row).toMatchObject({
      seconds: 0.25,
      medianSeconds: 0.375,
      eventsPerSecond: 400,
      peakBytes: 300 * 2 ** 20,
      result: { answer: 42 },
    });
  });

  it('is not repeated to warm up when a run takes seconds', () => {
    const { one, meter, runs } = timedCase([3, 2]);
    expect(measureCase(one, 2, meter).seconds).toBe(2);
    expect(runs()).toBe(2);
  });

  it('is repeated within a round when a run is short, and in the warm-up too', () => {
    const { one, meter, runs } = timedCase([1 / 16, 1 / 16, 1 / 64]);
    expect(measureCase(one, 1, meter).seconds).toBe(1 / 64);
    expect(runs()).toBe(2 + 7);
  });

  it('ends on a meter that stands still', () => {
    const { one, meter } = timedCase([0]);
    expect(measureCase(one, 1, meter).seconds).toBe(0);
  });

  it('misses the bars that its best round misses, and no others', () => {
    const missedWith = (bars: EngineCase['bars']) => {
      const { one, meter } = timedCase([0.5], { bars });
      return measureCase(one, 1, meter).missed;
    };
    expect(missedWith({ seconds: 0.5, eventsPerSecond: 200, mebibytes: 300 })).toEqual([]);
    expect(missedWith({ seconds: 0.49, eventsPerSecond: 201, mebibytes: 299 })).toEqual(['seconds', 'eventsPerSecond', 'mebibytes']);
  });
});

describe('the benchmark of the engine', () => {
  const request = { rounds: 2, onlyCase: undefined, onProgress: () => undefined, signal: new AbortController().signal };
  const slow = timedCase([0.5], { name: 'slow', title: 'a slow case', bars: { seconds: 0.1 } });
  const wrong = timedCase([0.5], {
    name: 'wrong',
    open: () => ({ run: () => undefined, answer: () => ({ result: {}, errors: ['below the bound'] }) }),
  });
  const shared = timedCase([0.5], {
    name: 'shared',
    title: 'a shared case',
    peer: { tool: 'another simulator', processorSeconds: 12, simulatedSeconds: 2, overBound: 2.5 },
    result: { seconds: 1, 'seconds / bound': 1.25 },
  });
  const timed = [slow, wrong, shared];
  const cases = timed.map(({ one }) => one);
  const elsewhere = async (name: string): Promise<EngineRow> => {
    const found = timed.find(({ one }) => one.name === name);
    if (found === undefined) throw new Error(name);
    return measureCase(found.one, 1, found.meter);
  };

  it('measures every case elsewhere, collects errors, and shows bars and peers', async () => {
    const answer = await measureEngine(cases, request, elsewhere);
    expect(answer.fields.cases.map(({ name }) => name)).toEqual(['slow', 'wrong', 'shared']);
    expect(answer.errors).toEqual(['wrong: below the bound']);
    const text = benchmarkText(machineOf(null), 2, answer, (_, words) => words);
    expect(text).toMatch(/a slow case +0\.50 +0\.10 ! /);
    expect(text).toMatch(/elsewhere: another simulator\n.*\na shared case +0\.50 +12\.00 +24 +1\.250 +2\.500/);
    expect(text).toContain('error: wrong: below the bound');
    expect(text).not.toContain('kernels');
  });

  it('measures one case here, and refuses one that it does not know', async () => {
    const only = await measureEngine(cases, { ...request, onlyCase: 'shared' }, () => Promise.reject(new Error('another process')));
    expect(only.fields.cases.map(({ name }) => name)).toEqual(['shared']);
    await expect(measureEngine(cases, { ...request, onlyCase: 'slaw' }, elsewhere)).rejects.toThrow('slow');
  });

  it('refuses an unknown case on the command line', async () => {
    const listener = listen();
    expect(await main(['node', 'switchyard', 'bench', 'engine', '--case', 'step-event'], listener.io)).toBe(2);
    expect(listener.err()).toContain('did you mean step-events?');
  });

  it('has names that are all different, and peers for comparison', () => {
    const all = engineCases();
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    expect(all.filter(({ peer }) => peer !== undefined).length).toBeGreaterThan(10);
  });

  it('the built command runs a case in a process of its own and answers with its memory', () => {
    const words = ['bin/switchyard.js', 'bench', 'engine', '--case', 'max-min-full', '--rounds', '1', '--json', '--quiet'];
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const { machine, rounds, cases: rows } = JSON.parse(stdout);
    expect({ rounds, kernelPath: machine.kernelPath }).toEqual({ rounds: 1, kernelPath: null });
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ name: 'max-min-full', errors: [] });
    expect(rows[0].seconds).toBeGreaterThan(0);
    expect(rows[0].peakBytes).toBeGreaterThan(30 * 2 ** 20);
  });
});

it('traffic times distance is what a walk over all pairs sums', () => {
  const topology = torus([4, 8]);
  const traffic = skewedTraffic(32);
  const round = (difference: number, side: number) => Math.min((difference + side) % side, (side - difference) % side);
  let sum = 0;
  for (let from = 0; from < 32; from++) {
    for (let to = 0; to < 32; to++) {
      sum += traffic[from * 32 + to] * (round((to % 4) - (from % 4), 4) + round((to >> 2) - (from >> 2), 8));
    }
  }
  expect(trafficTimesDistance(topology, traffic) / sum).toBeCloseTo(1, 13);
  // Mean distances: 4x4x8 twisted 440 / 128 (Camara et al.).
  const even = new Float64Array(128 * 128).fill(1);
  expect(trafficTimesDistance(twistedTorus([4, 4, 8]), even)).toBe(440 * 128);
});

it('the synthetic step is a program, folds without jitter, and is swept and run to the same trace', () => {
  const topology = torus([2, 3, 4]);
  const alike = syntheticStep(topology, 3, null);
  const noisy = syntheticStep(topology, 3, { seed: 1, share: 0.02 });
  checkProgram(alike);
  expect(simulate(alike, topology).way.devices).toBe('folded');
  const swept = simulate(noisy, topology, { devices: 'full', order: 'sweep' });
  const run = simulate(noisy, topology, { devices: 'full', order: 'events' });
  expect(run.fingerprint).toBe(swept.fingerprint);
  expect(run.step).toBeGreaterThan(simulate(alike, topology).step);
  // Every computation of every device ends in an event of its own.
  expect(run.events).toBeGreaterThan(24 * 3 * 7);
});
