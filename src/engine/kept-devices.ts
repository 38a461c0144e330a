import { type Program, TaskKind } from '../program/index.ts';

/** Rows of the span table that are kept unless the caller says otherwise: 64 MiB. */
export const DEFAULT_KEPT_ROWS = 2 ** 21;

/** How many devices are looked at task by task where all would be too many. */
const SAMPLE = 8;

/**
 * Devices whose spans are kept, ascending: all where tasks * devices <= rows, none where none are wanted, else some that are evenly spread, and the
 * slowest. They follow from the program alone, so it does not matter how it is simulated.
 */
export function keptDevices(program: Program, rows: number): Uint32Array {
  const { devices, tasks } = program;
  if (rows === 0) return new Uint32Array(0);
  if (tasks.count * devices <= rows) return Uint32Array.from({ length: devices }, (_, device) => device);
  const spread = Math.max(1, Math.min(SAMPLE, devices, Math.floor(rows / tasks.count)));
  const chosen = new Set(Array.from({ length: spread }, (_, i) => Math.floor((i * devices) / spread)));
  chosen.add(slowestDevice(program));
  return Uint32Array.from(chosen).sort();
}

/** By start and computations, jitter apart; the first of several. */
function slowestDevice({ devices, tasks, deviceTimes, slowdown, start }: Program): number {
  let alike = 0;
  const own = new Float64Array(devices);
  for (let task = 0; task < tasks.count; task++) {
    if (tasks.kind[task] !== TaskKind.compute) continue;
    const row = tasks.deviceRow[task];
    if (row < 0) alike += tasks.picoseconds[task];
    else for (let device = 0; device < devices; device++) own[device] += deviceTimes[row].picoseconds[device];
  }
  const end = (device: number): number => start[device] + (alike + own[device]) * slowdown[device];
  let slowest = 0;
  for (let device = 1; device < devices; device++) if (end(device) > end(slowest)) slowest = device;
  return slowest;
}
