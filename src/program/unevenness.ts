import { toPicoseconds } from '../base/index.ts';
import type { Topology } from '../hardware/index.ts';
import type { Scenario } from '../scenario/index.ts';
import { type Jitter, jitterKey, jitterUnit } from './jitter.ts';

/** [devices]: how much longer a computation takes than the program says. */
export function slowdowns(scenario: Scenario, topology: Topology): Float64Array {
  const slowdown = new Float64Array(topology.devices).fill(1);
  for (const { device, factor } of scenario.topology.slowDevices) slowdown[device] = factor;
  return slowdown;
}

/** Noise of computations, by the seed of the scenario. */
export function jitterOf({ topology: { jitter: share = 0 }, seed }: Scenario): Jitter | null {
  return share === 0 ? null : { seed, share };
}

/** [devices], picoseconds: when each begins its step; uniform in [0, startSkewSeconds) by the seed of the scenario, or as late as it says of single devices. */
export function startSkew({ topology: { startSkewSeconds = 0, lateDevices = [] }, seed }: Scenario, { devices }: Topology): Float64Array {
  const start = Float64Array.from({ length: devices }, (_, device) =>
    toPicoseconds(startSkewSeconds * jitterUnit(jitterKey(seed, device), NO_TASK)),
  );
  for (const { device, seconds } of lateDevices) start[device] = toPicoseconds(seconds);
  return start;
}

/** The start of a device has a draw of its own, beside those of its tasks. */
const NO_TASK = -1;
