import { describe, expect, test } from 'vitest';
import { simulate } from '../../src/engine/index.ts';
import { grid } from '../collectives/grids.ts';
import { programOf, type Task } from './programs.ts';

/** Four chips in a line, 1 GB/s links, no latency: an all-to-all of 4 MB per member takes 4 ms, an all-gather of 4 MB takes 3 ms. */
const line = grid([4], false, { linkBytesPerSecond: 1e9, hopLatencySeconds: 0 });
const MS = 1e9;
const gather: Task = { collective: 'all-gather', bytes: 4e6, after: [] };
const spansOf = (tasks: readonly Task[], slowdown?: readonly number[]) => {
  const trace = simulate(programOf(line, tasks, slowdown), line);
  const span = (task: number, device: number) => {
    const row = task * line.devices + device;
    return { start: trace.spans.start[row], running: trace.spans.running[row], end: trace.spans.end[row] };
  };
  return { trace, span };
};

describe('one collective', () => {
  test('exposed: computation, then a collective, then computation', () => {
    const { trace, span } = spansOf([
      { compute: 1e-3, after: [] },
      { ...gather, after: [0] },
      { compute: 2e-3, after: [1] },
    ]);
    expect(span(1, 0)).toEqual({ start: MS, running: MS, end: 4 * MS });
    expect(trace.step).toBe(6 * MS);
    expect([...trace.devices.exposedCommunication]).toEqual([3 * MS, 3 * MS, 3 * MS, 3 * MS]);
    expect([...trace.devices.wait]).toEqual([0, 0, 0, 0]);
  });

  test('hidden: a computation that does not need it runs meanwhile', () => {
    const { trace } = spansOf([gather, { compute: 5e-3, after: [] }, { compute: 1e-3, after: [0] }]);
    expect(trace.step).toBe(6 * MS);
    expect([...trace.devices.exposedCommunication]).toEqual([0, 0, 0, 0]);
  });

  test('the compute stream keeps program order even when a later task could start', () => {
    const { span } = spansOf([gather, { compute: 1e-3, after: [0] }, { compute: 1e-3, after: [] }]);
    expect(span(1, 0).start).toBe(3 * MS);
    expect(span(2, 0).start).toBe(4 * MS);
  });

  test('a collective after the last computation is exposed at the end of the step', () => {
    const { trace } = spansOf([
      { compute: 1e-3, after: [] },
      { ...gather, after: [0] },
    ]);
    expect(trace.devices.exposedCommunication[2]).toBe(3 * MS);
  });
});

test('a straggler: the others wait for it, and the collective starts when it joins', () => {
  const { trace, span } = spansOf(
    [
      { compute: 1e-3, after: [] },
      { ...gather, after: [0] },
    ],
    [1, 1, 1.5, 1],
  );
  expect(span(1, 0)).toEqual({ start: MS, running: 1.5 * MS, end: 4.5 * MS });
  expect([...trace.devices.wait]).toEqual([0.5 * MS, 0.5 * MS, 0, 0.5 * MS]);
  expect([...trace.devices.computeBusy]).toEqual([MS, MS, 1.5 * MS, MS]);
});

test('two collectives on the same links share them; on different links they do not notice each other', () => {
  const left = { collective: 'all-gather', bytes: 4e6, after: [], groups: [[0, 1]] } as const;
  const right = { ...left, groups: [[2, 3]] } as const;
  const alone = spansOf([left]).trace.step;
  expect(alone).toBe(2 * MS);
  expect(spansOf([left, left]).trace.step).toBe(2 * alone);
  expect(spansOf([left, right]).trace.step).toBe(alone);
  expect(
    spansOf([
      {
        ...left,
        groups: [
          [0, 1],
          [2, 3],
        ],
      },
    ]).trace.step,
  ).toBe(alone);
});

test('devices that take no part in a collective go on at once', () => {
  const { span } = spansOf([
    { collective: 'all-gather', bytes: 4e6, after: [], groups: [[0, 1]] },
    { compute: 1e-3, after: [0] },
  ]);
  expect(span(1, 0).start).toBe(2 * MS);
  expect(span(1, 3).start).toBe(0);
});

test('groups run on their own: a slow member delays its own group only', () => {
  const both = {
    collective: 'all-gather',
    bytes: 4e6,
    after: [0],
    groups: [
      [0, 1],
      [2, 3],
    ],
  } as const;
  const { span } = spansOf([{ compute: 1e-3, after: [] }, both], [1, 1, 1, 2]);
  expect(span(1, 0).end).toBe(3 * MS);
  expect(span(1, 2).end).toBe(4 * MS);
});

test('a collective of zero bytes and a computation of zero time take no time and still happen in order', () => {
  const { trace, span } = spansOf([
    { collective: 'all-reduce', bytes: 0, after: [] },
    { compute: 0, after: [0] },
    { compute: 1e-3, after: [1] },
  ]);
  expect(trace.step).toBe(MS);
  expect(span(1, 0)).toEqual({ start: 0, running: 0, end: 0 });
});

test('a task that waits for itself is our bug and is named', () => {
  const program = programOf(line, [
    { compute: 1e-3, after: [] },
    { compute: 1e-3, after: [0] },
  ]);
  // The second task waits for itself.
  program.tasks.dependencies[0] = 1;
  expect(() => simulate(program, line)).toThrow(/internal: task 1 waits for task 1, which is not before it/);
});

test('a program for another slice is refused', () => {
  expect(() => simulate(programOf(line, [gather]), grid([5], false))).toThrow(/program of 4 devices on 5/);
});
