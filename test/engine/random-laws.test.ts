import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { estimate } from '../../src/analytic/index.ts';
import { simulate } from '../../src/engine/index.ts';
import type { Topology } from '../../src/hardware/index.ts';
import type { Program } from '../../src/program/index.ts';
import { grid } from '../collectives/grids.ts';
import { programOf, type Task } from './programs.ts';
import { anyStep, type Step } from './random-steps.ts';

/** No two groups of a plan cross one link. */
function groupsAreApart({ plans }: Program): boolean {
  return plans.every(({ groups }) => {
    const links = groups.map(({ phases }) => new Set(phases.flatMap((phase) => [...phase.links])));
    return links.reduce((sum, set) => sum + set.size, 0) === new Set(links.flatMap((set) => [...set])).size;
  });
}

/** Nothing meets on a link: what is left is max and plus. */
function isFree({ program, topology }: Step): boolean {
  return groupsAreApart(program) && simulate(program, topology, { devices: 'full' }).way.order === 'sweep';
}

test('the closed form is the engine to the picosecond where nothing meets on a link: slow devices, jitter, starts, copies to the host', () => {
  let free = 0;
  let waiting = 0;
  fc.assert(
    fc.property(fc.oneof(anyStep(), anyStep({ chained: true })), (step) => {
      if (!isFree(step)) return;
      free++;
      const { program, topology } = step;
      const trace = simulate(program, topology, { devices: 'full', order: 'events' });
      const closed = estimate(program, topology);
      expect(trace.step).toBe(closed.step);
      // Durations are rounded twice where a factor of at most 3 comes in between; phases and starts once.
      const rounded = program.plans.reduce((count, { groups }) => count + Math.max(...groups.map(({ phases }) => phases.length)), 1);
      expect(Math.abs(closed.step - closed.stepSeconds * 1e12)).toBeLessThanOrEqual(2 * program.tasks.count + rounded);
      if (trace.devices.wait.some((wait) => wait > 0)) waiting++;
    }),
    { numRuns: 500, seed: 31 },
  );
  expect(free, 'programs without contention').toBeGreaterThan(150);
  expect(waiting, 'of them with waiting').toBeGreaterThan(100);
});

test('sandwich: longest path and busiest resource <= engine <= latest start and everything in series', () => {
  fc.assert(
    fc.property(anyStep(), ({ program, topology }) => {
      const { lowerBoundSeconds, upperBoundSeconds } = estimate(program, topology);
      const { step } = simulate(program, topology);
      const slack = program.tasks.count * 40;
      expect(step).toBeGreaterThanOrEqual(lowerBoundSeconds * 1e12 - slack);
      expect(step).toBeLessThanOrEqual(upperBoundSeconds * 1e12 + slack);
    }),
    { numRuns: 400, seed: 32 },
  );
});

test('conservation: links carry what the plans say, and computing, exposed communication and waiting are the step', () => {
  let exposed = 0;
  fc.assert(
    fc.property(anyStep(), ({ program, topology }) => {
      const { step, links, devices } = simulate(program, topology);
      const planned = new Float64Array(topology.links.count);
      for (const { plan } of program.collectives) {
        for (const phase of program.plans[plan].groups.flatMap((group) => group.phases)) {
          for (const [i, link] of phase.links.entries()) planned[link] += phase.bytes[i];
        }
      }
      for (let link = 0; link < planned.length; link++) {
        expect(Math.abs(links.bytes[link] - planned[link])).toBeLessThanOrEqual(1e-12 * planned[link]);
        expect(links.busy[link]).toBeLessThanOrEqual(step);
        const possible = (links.busy[link] / 1e12) * topology.links.bytesPerSecond[link];
        expect(links.bytes[link]).toBeLessThanOrEqual(possible * (1 + 1e-6) + 1);
      }
      for (let device = 0; device < program.devices; device++) {
        const parts = [devices.computeBusy[device], devices.exposedCommunication[device], devices.wait[device]];
        expect(parts[0] + parts[1] + parts[2]).toBe(step);
        expect(Math.min(...parts)).toBeGreaterThanOrEqual(0);
        if (parts[1] > 0) exposed++;
      }
    }),
    { numRuns: 300, seed: 33 },
  );
  expect(exposed).toBeGreaterThan(1000);
});

test('monotonicity: a slower device, a later start, more jitter or a slower link never shortens a step in which nothing meets on a link', () => {
  let longer = 0;
  fc.assert(
    fc.property(
      fc.oneof(anyStep(), anyStep({ chained: true })),
      fc.nat(1000),
      fc.constantFrom('device', 'start', 'jitter', 'link'),
      fc.double({ min: 1, max: 3, noNaN: true }),
      (step, which, what, factor) => {
        const slower = slowedDown(step, which, what, factor);
        if (!isFree(step) || !isFree(slower)) return;
        const before = simulate(step.program, step.topology).step;
        const after = simulate(slower.program, slower.topology).step;
        expect(after).toBeGreaterThanOrEqual(before);
        if (after > before) longer++;
      },
    ),
    { numRuns: 600, seed: 34 },
  );
  expect(longer, 'steps that became longer').toBeGreaterThan(60);
});

function slowedDown({ program, topology }: Step, which: number, what: 'device' | 'start' | 'jitter' | 'link', factor: number): Step {
  const device = which % program.devices;
  if (what === 'device')
    return { topology, program: { ...program, slowdown: program.slowdown.with(device, program.slowdown[device] * factor) } };
  if (what === 'start')
    return { topology, program: { ...program, start: program.start.with(device, program.start[device] + Math.round(factor * 1e8)) } };
  if (what === 'jitter') {
    const share = program.jitter === null ? 0.1 : program.jitter.share * factor;
    return { topology, program: { ...program, jitter: { seed: program.jitter?.seed ?? 1, share } } };
  }
  const link = which % topology.links.count;
  const bytesPerSecond = topology.links.bytesPerSecond.with(link, topology.links.bytesPerSecond[link] / factor);
  return { program, topology: { ...topology, uniform: false, links: { ...topology.links, bytesPerSecond } } };
}

test('where transfers share links a later start can shorten a step: a scheduling anomaly, and no law', () => {
  let shorter = 0;
  fc.assert(
    fc.property(anyStep(), fc.nat(1000), (step, which) => {
      const later = slowedDown(step, which, 'start', 1.5);
      if (simulate(later.program, later.topology).step < simulate(step.program, step.topology).step - 1000) {
        expect(isFree(step) && isFree(later)).toBe(false);
        shorter++;
      }
    }),
    { numRuns: 1500, seed: 35 },
  );
  expect(shorter).toBeGreaterThan(0);
});

test('symmetry: on a torus it does not matter which device is slow', () => {
  const topology = grid([4, 4], [true, true]);
  let contended = 0;
  fc.assert(
    fc.property(torusTasks(topology), fc.nat(15), fc.nat(15), (tasks, one, other) => {
      const slow = (at: number) =>
        simulate(
          programOf(
            topology,
            tasks,
            Array.from({ length: 16 }, (_, device) => (device === at ? 1.5 : 1)),
          ),
          topology,
        );
      const [first, second] = [slow(one), slow(other)];
      expect(second.step).toBe(first.step);
      for (const column of ['computeBusy', 'exposedCommunication', 'wait'] as const) {
        expect([...second.devices[column]].sort()).toEqual([...first.devices[column]].sort());
      }
      if (first.way.order === 'events') contended++;
    }),
    { numRuns: 200, seed: 36 },
  );
  expect(contended, 'programs whose transfers meet on links').toBeGreaterThan(40);
});

/** Computations and collectives over rows, columns or all of a torus of four by four. */
function torusTasks({ devices }: Topology): fc.Arbitrary<Task[]> {
  const all = Array.from({ length: devices }, (_, device) => device);
  const rows = [0, 1, 2, 3].map((y) => all.filter((device) => Math.floor(device / 4) === y));
  const columns = [0, 1, 2, 3].map((x) => all.filter((device) => device % 4 === x));
  const task = fc.record({
    kind: fc.constantFrom('compute', 'compute', 'all-reduce', 'all-gather', 'all-to-all' as const),
    size: fc.integer({ min: 1, max: 1_000_000 }),
    groups: fc.constantFrom([all], rows, columns),
    picks: fc.array(fc.nat(1000), { maxLength: 2 }),
  });
  return fc.array(task, { minLength: 3, maxLength: 20 }).map((drafts) =>
    drafts.map(({ kind, size, groups, picks }, i): Task => {
      const after = i === 0 ? [] : [...new Set(picks.map((n) => n % i))];
      return kind === 'compute' ? { compute: size * 1e-9, after } : { collective: kind as 'all-reduce', bytes: size * 64, after, groups };
    }),
  );
}

test('a device without work changes nothing', () => {
  let busy = 0;
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          seconds: fc.array(fc.nat(1_000_000), { minLength: 4, maxLength: 4 }),
          picks: fc.array(fc.nat(99), { maxLength: 2 }),
          moves: fc.boolean(),
        }),
        {
          minLength: 1,
          maxLength: 20,
        },
      ),
      fc.integer({ min: 1, max: 4 }),
      (drafts, more) => {
        const tasks = drafts.map(({ seconds, picks, moves }, i): Task => {
          const after = i === 0 ? [] : [...new Set(picks.map((n) => n % i))];
          if (moves) return { collective: 'all-gather', bytes: seconds[0] * 64, after, groups: [[0, 1, 2, 3]] };
          return { compute: [...seconds.map((one) => one * 1e-9), ...new Array<number>(more).fill(0)], after };
        });
        const [few, many] = [grid([4], false), grid([4 + more], false)];
        const alone = simulate(programOf(few, tasks), few);
        const beside = simulate(programOf(many, tasks), many);
        expect(beside.step).toBe(alone.step);
        for (const column of ['computeBusy', 'exposedCommunication', 'wait'] as const) {
          expect([...beside.devices[column].slice(0, 4)]).toEqual([...alone.devices[column]]);
        }
        expect([...beside.devices.wait.slice(4)]).toEqual(new Array(more).fill(beside.step));
        if (alone.step > 0) busy++;
      },
    ),
    { numRuns: 200, seed: 37 },
  );
  expect(busy).toBeGreaterThan(150);
});
