import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/base/index.ts';
import { simulate, simulationBytes, spanRow } from '../../src/engine/index.ts';
import { grid } from '../collectives/grids.ts';
import { programOf, type Task } from './programs.ts';
import { anyStep } from './random-steps.ts';

describe('spans of a sample', () => {
  test('are those of a run that keeps all, and so is everything else', () => {
    let sampled = 0;
    fc.assert(
      fc.property(anyStep(), fc.integer({ min: 1, max: 300 }), ({ program, topology }, keep) => {
        const all = simulate(program, topology);
        const some = simulate(program, topology, { keep });
        const devices = [...some.spans.devices];
        expect(some.devices).toEqual(all.devices);
        expect(some.links).toEqual(all.links);
        expect(some.spans.count).toBe(program.tasks.count * devices.length);
        expect(devices).toEqual([...new Set(devices)].sort((a, b) => a - b));
        for (let task = 0; task < program.tasks.count; task++) {
          for (let device = 0; device < program.devices; device++) {
            const row = spanRow(some.spans, task, device);
            expect(row >= 0).toBe(devices.includes(device));
            if (row < 0) continue;
            const other = spanRow(all.spans, task, device);
            for (const column of ['task', 'device', 'start', 'running', 'end'] as const) {
              expect(some.spans[column][row]).toBe(all.spans[column][other]);
            }
          }
        }
        if (devices.length < program.devices) sampled++;
      }),
      { numRuns: 150, seed: 41 },
    );
    expect(sampled, 'runs that left devices out').toBeGreaterThan(60);
  });

  test('hold the slowest device, wherever it is', () => {
    const topology = grid([64], true);
    const tasks: Task[] = [
      { compute: 1e-3, after: [] },
      { collective: 'all-reduce', bytes: 1e6, after: [0] },
    ];
    for (const slow of [5, 37, 63]) {
      const program = programOf(
        topology,
        tasks,
        Array.from({ length: 64 }, (_, device) => (device === slow ? 1.01 : 1)),
      );
      const { devices } = simulate(program, topology, { keep: 20 }).spans;
      expect([...devices]).toContain(slow);
      expect(devices.length).toBe(9);
    }
    const late = new Float64Array(64);
    late[21] = 5;
    expect([...simulate(programOf(topology, tasks, undefined, { start: late }), topology, { keep: 20 }).spans.devices]).toContain(21);
  });
});

describe('memory', () => {
  const topology = grid([8, 8], true);
  const tasks = Array.from(
    { length: 50 },
    (_, i): Task => (i % 2 === 0 ? { compute: 1e-4, after: [] } : { collective: 'all-reduce', bytes: 1e6, after: [i - 1] }),
  );
  const program = programOf(topology, tasks, undefined, { jitter: { seed: 1, share: 0.1 } });

  test('is counted before a simulation starts, and too much of it is refused with what one device would need', () => {
    const full = simulationBytes(program, topology, { devices: 'full', order: 'events' }, 64);
    const folded = simulationBytes(program, topology, { devices: 'folded', order: 'events' }, 64);
    expect(folded).toBeLessThan(full);
    expect(() => simulate(program, topology, { memoryLimitBytes: full })).not.toThrow();
    try {
      simulate(program, topology, { memoryLimitBytes: full - 1 });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
      const [issue] = (error as InputError).issues;
      expect(issue.code).toBe('E_ENGINE_MEMORY');
      expect(issue.remedy).toMatch(/one device stands for all: \d+ MiB/);
    }
  });

  test('does not grow with tasks times devices where few devices are kept', () => {
    const bytes = (kept: number) => simulationBytes(program, topology, { devices: 'full', order: 'events' }, kept);
    expect(bytes(64) - bytes(1)).toBe(63 * program.tasks.count * (32 + 16));
    const columns = simulate(program, topology, { keep: 100 }).spans;
    expect(columns.start.length + columns.end.length + columns.running.length).toBe(3 * columns.count);
    expect(columns.count).toBeLessThanOrEqual(3 * program.tasks.count);
  });
});
