import { assert } from '../base/index.ts';
import type { Phase } from '../collectives/index.ts';
import { type Program, STAGES, TaskKind } from './program.ts';

/**
 * Everything the engine takes for granted, checked before use: dependencies point backwards (so the graph has no cycle), every collective is one
 * task whose groups cover each of its devices once, durations and starts are whole and not negative, and buffers are freed after they were allocated,
 * by devices that run both tasks.
 */
export function checkProgram(program: Program): void {
  checkSets(program);
  checkTasks(program);
  checkCollectives(program);
  checkDevices(program);
  checkBuffers(program);
}

function checkSets({ devices, deviceSets, tasks, buffers }: Program): void {
  for (const [row, set] of deviceSets.entries()) {
    assert(set.length === devices, `set ${row} does not say of every device whether it is in it`);
    assert(set.includes(1) && set.every((one) => one <= 1), `set ${row} is empty, or has a device more than once`);
  }
  const isRow = (row: number): boolean => row >= -1 && row < deviceSets.length;
  assert(tasks.deviceSet.length === tasks.count && tasks.deviceSet.every(isRow), 'a task of a set that is not there');
  assert(buffers.deviceSet.length === buffers.count && buffers.deviceSet.every(isRow), 'a buffer of a set that is not there');
}

function checkDevices({ devices, slowdown, start, jitter }: Program): void {
  assert(slowdown.length === devices && start.length === devices, 'not one slow-down and one start per device');
  assert(
    slowdown.every((factor) => factor > 0 && Number.isFinite(factor)),
    'a slow-down is not a number > 0',
  );
  assert(
    start.every((picoseconds) => Number.isInteger(picoseconds) && picoseconds >= 0),
    'a start is not a whole number of picoseconds',
  );
  assert(jitter === null || (jitter.share >= 0 && Number.isFinite(jitter.share)), `jitter of ${jitter?.share} is not a number >= 0`);
}

function checkTasks(program: Program): void {
  const { tasks, names, collectives } = program;
  assert(tasks.count > 0, 'a program without tasks');
  for (let task = 0; task < tasks.count; task++) {
    const label = names[tasks.name[task]];
    assert(label !== undefined && names[tasks.part[task]] !== undefined, `task ${task} has no name`);
    assert(tasks.stage[task] < STAGES.length, `${label}: unknown stage`);
    assert(
      Number.isInteger(tasks.picoseconds[task]) && tasks.picoseconds[task] >= 0,
      `${label}: duration is not a whole number of picoseconds`,
    );
    const isCollective = tasks.kind[task] === TaskKind.collective;
    assert(isCollective === tasks.collective[task] >= 0, `${label}: kind and collective row disagree`);
    if (isCollective) assert(collectives[tasks.collective[task]]?.task === task, `${label}: its collective belongs to another task`);
    if (tasks.deviceRow[task] >= 0) checkDeviceTimes(program, task);
    for (let row = tasks.dependencyOffsets[task]; row < tasks.dependencyOffsets[task + 1]; row++) {
      assert(tasks.dependencies[row] < task, `${label}: waits for a later task`);
    }
  }
}

function checkDeviceTimes({ tasks, deviceTimes, devices, names }: Program, task: number): void {
  const label = names[tasks.name[task]];
  const times = deviceTimes[tasks.deviceRow[task]];
  assert(
    times !== undefined && tasks.kind[task] !== TaskKind.collective,
    `${label}: no computation has durations in row ${tasks.deviceRow[task]}`,
  );
  assert(times.seconds.length === devices && times.picoseconds.length === devices, `${label}: not one duration per device`);
  assert(
    times.picoseconds.every((picoseconds) => Number.isInteger(picoseconds) && picoseconds >= 0 && picoseconds <= tasks.picoseconds[task]),
    `${label}: the duration of a device is not a whole number of picoseconds, or above the longest`,
  );
}

function checkCollectives({ collectives, plans, deviceSets, devices, names, tasks }: Program): void {
  // A plan serves many tasks, and is looked at once for each set of devices.
  const checked = new Set<string>();
  for (const { task, plan } of collectives) {
    const label = names[tasks.name[task]];
    const set = tasks.deviceSet[task];
    if (checked.has(`${plan} ${set}`)) continue;
    checked.add(`${plan} ${set}`);
    assert(plans[plan] !== undefined, `${label}: no plan`);
    const times = new Uint32Array(devices);
    for (const group of plans[plan].groups) {
      for (const device of group.devices) times[device]++;
      for (const phase of group.phases) checkPhase(phase, label);
    }
    const isRight = set < 0 ? times.every((count) => count === 1) : times.every((count, device) => count === deviceSets[set][device]);
    assert(isRight, `${label}: a device of the task takes part not once, or another one does`);
  }
}

function checkPhase({ links, bytes }: Phase, label: string): void {
  assert(links.length === bytes.length, `${label}: links and bytes differ in number`);
  assert(
    bytes.every((one) => one >= 0 && Number.isFinite(one)),
    `${label}: bytes on a link are not a number >= 0`,
  );
}

function checkBuffers({ buffers, names, tasks, deviceSets }: Program): void {
  const isWithin = createWithin(deviceSets);
  for (let row = 0; row < buffers.count; row++) {
    const from = buffers.allocatedAt[row];
    const to = buffers.freedAt[row];
    const label = names[buffers.name[row]];
    assert(buffers.bytes[row] > 0, `${label}: a buffer of no bytes`);
    assert(
      (from === -1 && to === -1) || (from >= -1 && Math.max(0, from) <= to && to < tasks.count),
      `${label}: freed before it was allocated`,
    );
    const set = buffers.deviceSet[row];
    assert(
      [from, to].every((task) => task === -1 || isWithin(set, tasks.deviceSet[task])),
      `${label}: kept by a device that does not run the tasks between which it lives`,
    );
  }
}

/** Whether all devices of one set are in another; -1 is the set of all. */
function createWithin(deviceSets: Program['deviceSets']): (set: number, other: number) => boolean {
  const known = new Map<number, boolean>();
  const isWithin = (set: number, other: number): boolean =>
    deviceSets[other].every((one, device) => one === 1 || (set >= 0 && deviceSets[set][device] === 0));
  return (set, other) => {
    if (other < 0 || set === other) return true;
    const key = (set + 1) * deviceSets.length + other;
    const answer = known.get(key) ?? isWithin(set, other);
    known.set(key, answer);
    return answer;
  };
}
