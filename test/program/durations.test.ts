import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { coreOf, sliceTopology } from '../../src/hardware/index.ts';
import { loadScenario } from '../../src/intake/index.ts';
import { createBuilder } from '../../src/program/builder.ts';
import { checkProgram, jitterKey, jitterUnit, lowerStep, type Program, TaskKind, taskDurations } from '../../src/program/index.ts';
import { grid } from '../collectives/grids.ts';
import { programOf } from '../engine/programs.ts';

const { scenario, chip } = loadScenario('scenarios/tiny.yaml');
const lowered = (change: Partial<typeof scenario.topology>, seed = scenario.seed): Program => {
  const changed = { ...scenario, seed, topology: { ...scenario.topology, ...change } };
  return lowerStep(changed, chip, sliceTopology(chip, changed.topology), null);
};

describe('jitter', () => {
  test('is uniform over [0, 1), and neighbours do not know each other', () => {
    const bins = new Float64Array(16);
    let products = 0;
    const draws = 400 * 256;
    for (let device = 0; device < 400; device++) {
      const key = jitterKey(11, device);
      const below = jitterKey(11, device + 1);
      for (let task = 0; task < 256; task++) {
        const u = jitterUnit(key, task);
        expect(u >= 0 && u < 1).toBe(true);
        bins[Math.floor(16 * u)]++;
        products += (u - 0.5) * (jitterUnit(key, task + 1) - 0.5) + (u - 0.5) * (jitterUnit(below, task) - 0.5);
      }
    }
    // Chi-squared with 15 degrees of freedom is above 37.7 once in a thousand times.
    const chiSquared = bins.reduce((sum, count) => sum + (count - draws / 16) ** 2 / (draws / 16), 0);
    expect(chiSquared).toBeLessThan(37.7);
    // Two sums of products of uniform numbers, each of variance 1 / 144: within four standard deviations.
    expect(Math.abs(products)).toBeLessThan(4 * Math.sqrt((2 * draws) / 144));
  });

  test('depends on every bit of seed, device and task', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 2 ** 53 - 1 }),
        fc.nat(20_000),
        fc.nat(20_000),
        fc.integer({ min: 0, max: 52 }),
        (seed, device, task, bit) => {
          const draw = jitterUnit(jitterKey(seed, device), task);
          expect(jitterUnit(jitterKey(seed, device), task)).toBe(draw);
          const flipped = Math.floor(seed / 2 ** bit) % 2 === 0 ? seed + 2 ** bit : seed - 2 ** bit;
          expect(jitterUnit(jitterKey(flipped, device), task)).not.toBe(draw);
          expect(jitterUnit(jitterKey(seed, device + 1), task)).not.toBe(draw);
          expect(jitterUnit(jitterKey(seed, device), task + 1)).not.toBe(draw);
        },
      ),
      { numRuns: 1000, seed: 51 },
    );
  });
});

describe('durations', () => {
  const topology = grid([4], false);
  const tasks = [
    { compute: 1e-3, after: [] },
    { copy: 1e-3, after: [] },
    { compute: [1e-3, 2e-3, 3e-3, 4e-3], after: [] },
  ];

  test('a computation is slowed down and jittered, rounded after both; a copy is neither', () => {
    const jitter = { seed: 3, share: 0.5 };
    const { picoseconds, seconds } = taskDurations(programOf(topology, tasks, [1, 1.5, 1, 1], { jitter }));
    for (let device = 0; device < 4; device++) {
      const slow = device === 1 ? 1.5 : 1;
      const key = jitterKey(3, device);
      expect(picoseconds(0, device)).toBe(Math.round(1e9 * (slow * (1 + 0.5 * jitterUnit(key, 0)))));
      expect(picoseconds(1, device)).toBe(1e9);
      expect(seconds(2, device)).toBeCloseTo((device + 1) * 1e-3 * slow * (1 + 0.5 * jitterUnit(key, 2)), 15);
    }
  });

  test('what cannot be is refused', () => {
    const program = programOf(topology, tasks);
    expect(() => checkProgram(program)).not.toThrow();
    const wrong = (change: Partial<Program>) => () => checkProgram({ ...program, ...change });
    expect(wrong({ start: Float64Array.of(0, 0, 0) })).toThrow(/one start per device/);
    expect(wrong({ start: Float64Array.of(0, 0, 0, 0.5) })).toThrow(/whole number of picoseconds/);
    expect(wrong({ start: Float64Array.of(0, 0, 0, -1) })).toThrow(/whole number of picoseconds/);
    expect(wrong({ slowdown: Float64Array.of(1, 1, 1, 0) })).toThrow(/slow-down is not a number > 0/);
    expect(wrong({ jitter: { seed: 1, share: -0.1 } })).toThrow(/jitter of -0.1/);
    expect(wrong({ tasks: { ...program.tasks, kind: Uint8Array.of(0, 1, 0) } })).toThrow(/kind and collective row disagree/);
  });
});

describe('a scenario', () => {
  test('without jitter and skew has none', () => {
    const program = lowered({});
    expect(program.jitter).toBeNull();
    expect([...program.start]).toEqual([0, 0, 0, 0]);
  });

  test('says jitter, skew and single late devices', () => {
    expect(lowered({ jitter: 0.02 }, 9).jitter).toEqual({ seed: 9, share: 0.02 });
    const { start } = lowered({ startSkewSeconds: 1e-3 });
    expect(new Set(start).size).toBe(4);
    expect(start.every((one) => one >= 0 && one <= 1e9 && Number.isInteger(one))).toBe(true);
    expect([...lowered({ startSkewSeconds: 1e-3 }, scenario.seed + 1).start]).not.toEqual([...start]);
    expect([...lowered({ lateDevices: [{ device: 2, seconds: 1e-6 }] }).start]).toEqual([0, 0, 1e6, 0]);
  });
});

test('a copy to the host takes its bytes over the wire between chip and host, on the stream of copies', () => {
  const builder = createBuilder(coreOf(chip), 16e9);
  const label = { name: 'offload', part: 'offload', stage: 'fw' } as const;
  const copy = builder.hostTransfer(label, 32e6, []);
  builder.compute(label, [{ matmuls: [], vectorOps: 1, hbmBytes: 1 }], [copy]);
  const { tasks } = builder.finish();
  expect(tasks.kind[copy]).toBe(TaskKind.transfer);
  expect(tasks.picoseconds[copy]).toBe(2e9);
  expect(tasks.collective[copy]).toBe(-1);
  expect([...tasks.dependencies]).toEqual([copy]);
});
