import type { Picoseconds, Seconds } from '../base/index.ts';
import { jitterKey, jitterUnit } from './jitter.ts';
import { type Program, TaskKind } from './program.ts';

/** How long a computation or a transfer to or from the host takes one device; 0 for a collective, whose time belongs to the wires. */
export interface TaskDurations {
  /** Rounded once, after slow-down and jitter. */
  readonly picoseconds: (task: number, device: number) => Picoseconds;
  /** The same without any rounding. */
  readonly seconds: (task: number, device: number) => Seconds;
}

/** Computation: what the program says for this device * slow-down * (1 + share * u), u in [0, 1) by (seed, device, task). Transfer: what it says. */
export function taskDurations({ tasks, deviceTimes, slowdown, jitter, devices }: Program): TaskDurations {
  const { kind, deviceRow } = tasks;
  const share = jitter === null ? 0 : jitter.share;
  const keys = new Int32Array(share === 0 ? 0 : devices);
  if (jitter !== null) for (let device = 0; device < keys.length; device++) keys[device] = jitterKey(jitter.seed, device);
  const factor = (task: number, device: number): number => {
    if (kind[task] !== TaskKind.compute) return 1;
    return share === 0 ? slowdown[device] : slowdown[device] * (1 + share * jitterUnit(keys[device], task));
  };
  return {
    picoseconds: (task, device) => {
      const row = deviceRow[task];
      return Math.round((row < 0 ? tasks.picoseconds[task] : deviceTimes[row].picoseconds[device]) * factor(task, device));
    },
    seconds: (task, device) => {
      const row = deviceRow[task];
      return (row < 0 ? tasks.seconds[task] : deviceTimes[row].seconds[device]) * factor(task, device);
    },
  };
}
