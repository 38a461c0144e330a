import { assert } from '../base/index.ts';
import { type Program, STAGES, TaskKind } from './program.ts';

/**
 * Everything the engine takes for granted, checked before use: dependencies point backwards (so the graph has no cycle), every collective is one
 * task whose groups cover each device once, durations and starts are whole and not negative, and buffers are freed after they were allocated.
 */
export function checkProgram(program: Program): void {
  checkTasks(program);
  checkCollectives(program);
  checkDevices(program);
  checkBuffers(program);
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

function checkCollectives({ collectives, plans, devices, names, tasks }: Program): void {
  for (const { task, plan } of collectives) {
    const label = names[tasks.name[task]];
    assert(plans[plan] !== undefined, `${label}: no plan`);
    const seen = new Uint8Array(devices);
    for (const group of plans[plan].groups) {
      for (const device of group.devices) seen[device]++;
      for (const phase of group.phases) {
        assert(phase.links.length === phase.bytes.length, `${label}: links and bytes differ in number`);
        assert(
          phase.bytes.every((bytes) => bytes >= 0 && Number.isFinite(bytes)),
          `${label}: bytes on a link are not a number >= 0`,
        );
      }
    }
    assert(
      seen.every((count) => count === 1),
      `${label}: a device takes part not once`,
    );
  }
}

function checkBuffers({ buffers, names, tasks }: Program): void {
  for (let row = 0; row < buffers.count; row++) {
    const from = buffers.allocatedAt[row];
    const to = buffers.freedAt[row];
    const label = names[buffers.name[row]];
    assert(buffers.bytes[row] > 0, `${label}: a buffer of no bytes`);
    assert((from === -1 && to === -1) || (from >= 0 && from <= to && to < tasks.count), `${label}: freed before it was allocated`);
  }
}
