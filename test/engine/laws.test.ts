import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { estimate } from '../../src/analytic/index.ts';
import { simulate, type Trace } from '../../src/engine/index.ts';
import { grid } from '../collectives/grids.ts';
import { anyTasks, chainedTasks, programOf, shapes } from './programs.ts';

const devicesPerChip = fc.constantFrom(1, 2);

test('without contention and slow devices the engine equals the closed form, to the picosecond', () => {
  let overlapping = 0;
  fc.assert(
    fc.property(shapes, devicesPerChip, chainedTasks, ({ shape, wrap }, perChip, tasks) => {
      const topology = grid(shape, wrap, { devicesPerChip: perChip });
      const program = programOf(topology, tasks);
      const closed = estimate(program, topology);
      expect(simulate(program, topology).step).toBe(closed.step);
      // Half a picosecond per rounded number: one per computation, two per phase of a collective.
      const rounded = program.plans.reduce((count, plan) => count + 2 * plan.groups[0].phases.length, program.tasks.count);
      expect(Math.abs(closed.step - closed.stepSeconds * 1e12)).toBeLessThanOrEqual(rounded / 2 + 1);
      if (closed.exposedCommunicationSeconds < closed.communicationSeconds - 1e-9) overlapping++;
    }),
    { numRuns: 300, seed: 1 },
  );
  expect(overlapping, 'programs that hide communication').toBeGreaterThan(20);
});

test('sandwich: longest path and busiest resource <= engine <= everything in series', () => {
  let contended = 0;
  fc.assert(
    fc.property(shapes, devicesPerChip, anyTasks, ({ shape, wrap }, perChip, tasks) => {
      const topology = grid(shape, wrap, { devicesPerChip: perChip });
      const program = programOf(topology, tasks);
      const { lowerBoundSeconds, upperBoundSeconds, step } = estimate(program, topology);
      const trace = simulate(program, topology);
      const slack = program.tasks.count * 40;
      expect(trace.step).toBeGreaterThanOrEqual(lowerBoundSeconds * 1e12 - slack);
      expect(trace.step).toBeLessThanOrEqual(upperBoundSeconds * 1e12 + slack);
      if (trace.step > step + slack) contended++;
    }),
    { numRuns: 300, seed: 2 },
  );
  expect(contended, 'programs whose collectives meet on links').toBeGreaterThan(20);
});

test('computing, exposed communication and waiting add up to the step on every device', () => {
  let waiting = 0;
  fc.assert(
    fc.property(
      shapes,
      anyTasks,
      fc.array(fc.double({ min: 1, max: 3, noNaN: true }), { minLength: 16, maxLength: 16 }),
      (wires, tasks, slow) => {
        const topology = grid(wires.shape, wires.wrap);
        const trace = simulate(programOf(topology, tasks, slow.slice(0, topology.devices)), topology);
        const { computeBusy, exposedCommunication, wait } = trace.devices;
        for (let device = 0; device < topology.devices; device++) {
          expect(computeBusy[device] + exposedCommunication[device] + wait[device]).toBe(trace.step);
          expect(Math.min(computeBusy[device], exposedCommunication[device], wait[device])).toBeGreaterThanOrEqual(0);
          if (wait[device] > 0) waiting++;
        }
        expectWellFormed(trace);
      },
    ),
    { numRuns: 200, seed: 3 },
  );
  expect(waiting).toBeGreaterThan(20);
});

test('links: bytes are those of the plans, and nothing is busy for longer than the step or carries more than it can', () => {
  fc.assert(
    fc.property(shapes, anyTasks, ({ shape, wrap }, tasks) => {
      const topology = grid(shape, wrap);
      const program = programOf(topology, tasks);
      const trace = simulate(program, topology);
      const planned = new Float64Array(topology.links.count);
      for (const { plan } of program.collectives) {
        for (const { links, bytes } of program.plans[plan].groups.flatMap((group) => group.phases)) {
          for (const [i, link] of links.entries()) planned[link] += bytes[i];
        }
      }
      for (let link = 0; link < topology.links.count; link++) {
        expect(trace.links.bytes[link]).toBeCloseTo(planned[link], 3);
        expect(trace.links.busy[link]).toBeLessThanOrEqual(trace.step);
        const possible = (trace.links.busy[link] / 1e12) * topology.links.bytesPerSecond[link];
        expect(trace.links.bytes[link]).toBeLessThanOrEqual(possible + 1 + 1e-6 * possible);
      }
    }),
    { numRuns: 200, seed: 4 },
  );
});

test('doubled bandwidths halve the bandwidth term: without latency and computation, the step', () => {
  fc.assert(
    fc.property(shapes, anyTasks, ({ shape, wrap }, tasks) => {
      const transfers = tasks.map((task) => ('compute' in task ? { ...task, compute: 0 } : task));
      const slow = grid(shape, wrap, { hopLatencySeconds: 0, devicesPerChip: 2 });
      const fast = grid(shape, wrap, { hopLatencySeconds: 0, devicesPerChip: 2, linkBytesPerSecond: 90e9, localBytesPerSecond: 8e11 });
      const slowStep = simulate(programOf(slow, transfers), slow).step;
      const fastStep = simulate(programOf(fast, transfers), fast).step;
      // Each of at most 40 collectives has up to 8 phases, each re-timed at most once per change of its neighbours.
      expect(Math.abs(slowStep - 2 * fastStep)).toBeLessThanOrEqual(2000);
    }),
    { numRuns: 100, seed: 5 },
  );
});

test('a step repeats to the bit, whatever ran before; another program has another fingerprint', () => {
  fc.assert(
    fc.property(shapes, anyTasks, ({ shape, wrap }, tasks) => {
      const topology = grid(shape, wrap);
      const first = simulate(programOf(topology, tasks), topology);
      const longer = simulate(programOf(topology, [...tasks, { compute: 1e-6, after: [] }]), topology);
      const again = simulate(programOf(topology, tasks), topology);
      expect(again).toEqual(first);
      expect(longer.fingerprint).not.toBe(first.fingerprint);
    }),
    { numRuns: 50, seed: 6 },
  );
});

function expectWellFormed({ spans, step }: Trace): void {
  for (let row = 0; row < spans.count; row++) {
    expect(spans.start[row]).toBeGreaterThanOrEqual(0);
    expect(spans.running[row]).toBeGreaterThanOrEqual(spans.start[row]);
    expect(spans.end[row]).toBeGreaterThanOrEqual(spans.running[row]);
    expect(spans.end[row]).toBeLessThanOrEqual(step);
    expect(Number.isInteger(spans.start[row]) && Number.isInteger(spans.running[row]) && Number.isInteger(spans.end[row])).toBe(true);
  }
}
