import { describe, expect, test } from 'vitest';
import { COLLECTIVES, type Schedule } from '../../src/collectives/index.ts';
import { wires } from './cases.ts';
import { routeFaults, symbolicRun } from './symbolic-run.ts';

const topology = wires([4], true);
const devices = Uint32Array.from([0, 1, 2, 3]);
const schedule = COLLECTIVES['all-reduce'].schedule({ topology, devices, bytes: 64 });
const { messages } = schedule;
const combining = Array.from(messages.combines.keys()).filter((message) => messages.combines[message] === 1);

const withMessages = (change: Partial<Schedule['messages']>): Schedule => ({ ...schedule, messages: { ...messages, ...change } });
const faultsOf = (changed: Schedule) => symbolicRun(changed, devices).faults.join('\n');

describe('the symbolic run notices', () => {
  test('nothing wrong with the schedule itself', () => expect(faultsOf(schedule)).toBe(''));

  test('a wait that is missing: a sum is sent on before all of it is there', () => {
    const last = combining.findLast((message) => messages.afterOffsets[message + 1] > messages.afterOffsets[message]) ?? -1;
    const afterOffsets = messages.afterOffsets.map((offset, i) => (i > last ? offset - 1 : offset));
    const after = messages.after.filter((_, i) => i !== messages.afterOffsets[last]);
    expect(faultsOf(withMessages({ afterOffsets, after }))).toMatch(/ends with terms/);
  });

  test('a term that is added twice', () => {
    const to = messages.to.slice();
    // A partial sum goes back to where a part of it came from.
    const onward = combining.find((message) => messages.afterOffsets[message + 1] > messages.afterOffsets[message]) ?? -1;
    to[onward] = messages.from[messages.after[messages.afterOffsets[onward]]];
    expect(faultsOf(withMessages({ to }))).toMatch(/adds terms of piece \d+ twice/);
  });

  test('a copy that takes the place of a sum', () => {
    expect(faultsOf(withMessages({ combines: new Uint8Array(messages.count) }))).toMatch(/different copies|ends with terms/);
  });

  test('a message that waits for a later one', () => {
    const after = messages.after.slice();
    after[0] = messages.count - 1;
    expect(faultsOf(withMessages({ after }))).toMatch(/waits for a later one/);
  });

  test('a route that leads elsewhere', () => {
    const route = messages.route.slice();
    route[0] = route.find((other) => other !== route[0]) ?? 0;
    expect(routeFaults(withMessages({ route }), topology).join('\n')).toMatch(/gap|ends elsewhere/);
  });
});
