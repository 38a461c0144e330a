import { describe, expect, test } from 'vitest';
import type { GroupPlan } from '../../src/collectives/index.ts';
import { simulate } from '../../src/engine/index.ts';
import type { Topology } from '../../src/hardware/index.ts';
import type { CollectivePlan, Program } from '../../src/program/index.ts';
import { grid } from '../collectives/grids.ts';
import { programOf, type Task, type Unevenness } from './programs.ts';

const torus = grid([4, 4], true);
const rows = [0, 1, 2, 3].map((y) => [0, 1, 2, 3].map((x) => 4 * y + x));
const columns = [0, 1, 2, 3].map((x) => [0, 1, 2, 3].map((y) => 4 * y + x));
const tasks: Task[] = [
  { compute: 1e-3, after: [] },
  { collective: 'all-gather', bytes: 4e6, after: [0], groups: rows },
  { collective: 'all-to-all', bytes: 4e6, after: [0], groups: columns },
  { collective: 'all-reduce', bytes: 4e6, after: [0] },
  { compute: 1e-3, after: [1] },
];

const wayOf = (program: Program, topology: Topology = torus) => simulate(program, topology).way.devices;
const uneven = (change: Unevenness) => programOf(torus, tasks, undefined, change);

const ring = grid([4], true, { hopLatencySeconds: 0 });
const program = programOf(
  ring,
  [0, 1].map(() => ({ collective: 'all-gather', bytes: 1, after: [] })),
);
const plan = (groups: CollectivePlan['groups']): CollectivePlan => ({ kind: 'all-gather', groups, sentBytesPerDevice: 0 });

/** A group that fills these links for a millisecond. */
const over = (devices: number[], ...links: number[]): GroupPlan => ({
  devices: Uint32Array.from(devices),
  phases: [{ links: Uint32Array.from(links), bytes: new Float64Array(links.length).fill(45e6), latencySeconds: 0, localBytes: 0 }],
});

describe('one device stands for all', () => {
  test('where nothing differs, though collectives meet on links', () => {
    const trace = simulate(programOf(torus, tasks), torus);
    expect(trace.way).toEqual({ devices: 'folded', order: 'events' });
    expect(trace.step).toBeGreaterThan(simulate(programOf(torus, tasks.slice(0, 2)), torus).step);
  });

  test('where all are slow, or late, in one way', () => {
    expect(wayOf(programOf(torus, tasks, new Array(16).fill(2)))).toBe('folded');
    expect(wayOf(uneven({ start: new Float64Array(16).fill(7) }))).toBe('folded');
    expect(wayOf(uneven({ jitter: { seed: 1, share: 0 } }))).toBe('folded');
  });

  test('not where a device is slow, late or uneven', () => {
    expect(wayOf(programOf(torus, tasks, [1.1, ...new Array(15).fill(1)]))).toBe('full');
    expect(wayOf(uneven({ start: new Float64Array(16).with(3, 1) }))).toBe('full');
    expect(wayOf(uneven({ jitter: { seed: 1, share: 0.01 } }))).toBe('full');
    expect(wayOf(programOf(torus, [{ compute: [1e-3, 2e-3], after: [] }]))).toBe('full');
  });

  test('not where a device takes no part', () => {
    expect(wayOf(programOf(torus, [{ collective: 'all-gather', bytes: 4e6, after: [], groups: rows.slice(1) }]))).toBe('full');
  });

  test('not where one link is slow: the groups that cross it take longer than the others', () => {
    const links = { ...torus.links, bytesPerSecond: torus.links.bytesPerSecond.with(0, 1e9) };
    const slow = { ...torus, uniform: false, links };
    const only = (groups: number[][]): Task[] => [{ collective: 'all-gather', bytes: 4e6, after: [], groups }];
    expect(wayOf(programOf(slow, only(rows)), slow)).toBe('full');
    expect(wayOf(programOf(torus, only(rows)))).toBe('folded');
    // Link 0 runs along the first dimension, which columns do not use.
    expect(wayOf(programOf(slow, only(columns)), slow)).toBe('folded');
  });

  test('not where equal groups meet others unequally: two of four rows share their links with a collective over half of the torus', () => {
    const line = grid([8], false, { hopLatencySeconds: 0 });
    const quarters = [0, 2, 4, 6].map((first) => [first, first + 1]);
    const [left, right] = [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ];
    const both: Task[] = [
      { collective: 'all-gather', bytes: 4e6, after: [], groups: quarters },
      { collective: 'all-gather', bytes: 4e6, after: [], groups: [left, right] },
    ];
    // Links inside quarters carry both; each half has two quarters, all of them alike.
    expect(wayOf(programOf(line, both), line)).toBe('folded');
    const thirds: Task[] = [
      both[0],
      {
        collective: 'all-gather',
        bytes: 4e6,
        after: [],
        groups: [
          [0, 1, 2, 3, 4, 5],
          [6, 7],
        ],
      },
    ];
    expect(wayOf(programOf(line, thirds), line)).toBe('full');
  });

  test('not where one group crosses what another crosses, and a link more that is shared', () => {
    const pairs = plan([over([0, 1], 0), over([2, 3], 2, 3)]);
    const shared = plan([over([0, 1, 2, 3], 3)]);
    const alone = plan([over([0, 1, 2, 3], 4)]);
    expect(wayOf({ ...program, plans: [pairs, alone] }, ring)).toBe('folded');
    const trace = simulate({ ...program, plans: [pairs, shared] }, ring);
    expect(trace.way.devices).toBe('full');
    expect([...trace.spans.end.slice(0, 4)]).toEqual([1e9, 1e9, 2e9, 2e9]);
    // Also where it is the first group that crosses more.
    const turned = plan([over([0, 1], 2, 3), over([2, 3], 0)]);
    expect(wayOf({ ...program, plans: [turned, alone] }, ring)).toBe('folded');
    expect([...simulate({ ...program, plans: [turned, shared] }, ring).spans.end.slice(0, 4)]).toEqual([2e9, 2e9, 1e9, 1e9]);
  });

  test('not where groups of one plan meet the full and the half full links of another', () => {
    const halfOf = ({ devices, phases: [phase] }: GroupPlan, at: number): GroupPlan => ({
      devices,
      phases: [{ ...phase, bytes: phase.bytes.with(at, phase.bytes[at] / 2) }],
    });
    const halves = plan([halfOf(over([0, 1], 0, 1), 1), halfOf(over([2, 3], 2, 3), 1)]);
    expect(wayOf({ ...program, plans: [halves, plan([over([0, 1], 0, 1), over([2, 3], 2, 3)])] }, ring)).toBe('folded');
    const trace = simulate({ ...program, plans: [halves, plan([over([0, 1], 0, 2), over([2, 3], 1, 3)])] }, ring);
    expect(trace.way.devices).toBe('full');
    // On full links each has half; half full ones leave three quarters.
    expect(trace.spans.end[6]).toBeLessThan(trace.spans.end[4]);
  });

  test('who insists where it is not exact is refused', () => {
    expect(() => simulate(uneven({ jitter: { seed: 1, share: 0.01 } }), torus, { devices: 'folded' })).toThrow(
      /E_ENGINE_WAY devices: 'folded'/,
    );
    expect(() => simulate(programOf(torus, tasks), torus, { order: 'sweep' })).toThrow(/E_ENGINE_WAY order: 'sweep'/);
  });
});
