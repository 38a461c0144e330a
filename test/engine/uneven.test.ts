import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { estimate } from '../../src/analytic/index.ts';
import { simulate } from '../../src/engine/index.ts';
import { checkProgram, type Program } from '../../src/program/index.ts';
import { grid } from '../collectives/grids.ts';
import { anyTasks, chainedTasks, deviceSeconds, programOf, shapes, unevenly } from './programs.ts';

const devicesPerChip = fc.constantFrom(1, 2);

test('devices with their own durations: without contention the engine equals the closed form, to the picosecond', () => {
  let waiting = 0;
  fc.assert(
    fc.property(shapes, devicesPerChip, chainedTasks, deviceSeconds, ({ shape, wrap }, perChip, tasks, times) => {
      const topology = grid(shape, wrap, { devicesPerChip: perChip });
      const program = programOf(topology, unevenly(tasks, times));
      const trace = simulate(program, topology);
      expect(trace.step).toBe(estimate(program, topology).step);
      if (trace.devices.wait.some((wait) => wait > 0)) waiting++;
    }),
    { numRuns: 200, seed: 11 },
  );
  expect(waiting, 'programs in which somebody waits').toBeGreaterThan(100);
});

test('devices with their own durations: longest path and busiest resource <= engine <= the longest of everything in series', () => {
  let contended = 0;
  let aboveTheBusiest = 0;
  fc.assert(
    fc.property(shapes, devicesPerChip, anyTasks, deviceSeconds, ({ shape, wrap }, perChip, tasks, times) => {
      const topology = grid(shape, wrap, { devicesPerChip: perChip });
      const program = programOf(topology, unevenly(tasks, times));
      const { lowerBoundSeconds, upperBoundSeconds, step, computeSeconds, busiestComputeSeconds } = estimate(program, topology);
      const trace = simulate(program, topology);
      const slack = program.tasks.count * 40;
      expect(trace.step).toBeGreaterThanOrEqual(lowerBoundSeconds * 1e12 - slack);
      expect(trace.step).toBeLessThanOrEqual(upperBoundSeconds * 1e12 + slack);
      const busiest = trace.devices.computeBusy.reduce((most, one) => Math.max(most, one), 0);
      expect(Math.abs(busiest - busiestComputeSeconds * 1e12)).toBeLessThanOrEqual(slack);
      const mean = trace.devices.computeBusy.reduce((sum, one) => sum + one, 0) / program.devices;
      expect(Math.abs(mean - computeSeconds * 1e12)).toBeLessThanOrEqual(slack);
      if (Math.abs(trace.step - step) > slack) contended++;
      if (lowerBoundSeconds > busiestComputeSeconds) aboveTheBusiest++;
    }),
    { numRuns: 200, seed: 12 },
  );
  expect(contended, 'programs whose collectives meet on links').toBeGreaterThan(20);
  expect(aboveTheBusiest, 'programs bounded by a path or a link').toBeGreaterThan(20);
});

test('groups that start apart have the wires to themselves: the lower bound allows for it', () => {
  const topology = grid([8], false, { linkBytesPerSecond: 1e9, hopLatencySeconds: 0 });
  const groups = [
    [0, 2, 4, 6],
    [1, 3, 5, 7],
  ];
  const program = programOf(topology, [
    { compute: [1e-3, 20e-3], after: [] },
    { collective: 'all-gather', bytes: 4e6, after: [0], groups },
    { compute: [30e-3, 1e-3], after: [1] },
  ]);
  const { lowerBoundSeconds } = estimate(program, topology);
  const trace = simulate(program, topology);
  // Alone on the wires a group takes 3 ms; both at once would take 6.
  expect(trace.step).toBe(34e9);
  expect(lowerBoundSeconds).toBeCloseTo(34e-3, 12);
});

test('equal durations written device by device are those of one device among equals', () => {
  fc.assert(
    fc.property(shapes, anyTasks, ({ shape, wrap }, tasks) => {
      const topology = grid(shape, wrap);
      const plain = programOf(topology, tasks);
      const spelt = programOf(
        topology,
        tasks.map((task) => ('compute' in task ? { ...task, compute: [task.compute as number] } : task)),
      );
      expect(simulate(spelt, topology)).toEqual(simulate(plain, topology));
      expect(estimate(spelt, topology).step).toBe(estimate(plain, topology).step);
    }),
    { numRuns: 50, seed: 13 },
  );
});

test('a slow device is slow in its own durations too', () => {
  const topology = grid([4], false, { linkBytesPerSecond: 1e9, hopLatencySeconds: 0 });
  const trace = simulate(programOf(topology, [{ compute: [1e-3, 2e-3, 3e-3, 4e-3], after: [] }], [1, 1, 2, 1]), topology);
  expect([...trace.devices.computeBusy]).toEqual([1e9, 2e9, 6e9, 4e9]);
  expect([...trace.devices.wait]).toEqual([5e9, 4e9, 0, 2e9]);
});

test('durations that fit no program are refused', () => {
  const topology = grid([4], false);
  const program = programOf(topology, [{ compute: [1e-3, 2e-3, 3e-3, 4e-3], after: [] }]);
  const [times] = program.deviceTimes;
  const withTimes = (changed: Program['deviceTimes']): Program => ({ ...program, deviceTimes: changed });
  expect(() => checkProgram(program)).not.toThrow();
  expect(() => checkProgram(withTimes([]))).toThrow(/no computation has durations/);
  expect(() => checkProgram(withTimes([{ ...times, picoseconds: times.picoseconds.subarray(1) }]))).toThrow(/not one duration per device/);
  expect(() => checkProgram(withTimes([{ ...times, picoseconds: times.picoseconds.map((one) => one + 0.5) }]))).toThrow(
    /not a whole number/,
  );
  expect(() => checkProgram(withTimes([{ ...times, picoseconds: times.picoseconds.map((one) => 2 * one) }]))).toThrow(/above the longest/);
});
