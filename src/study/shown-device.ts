import type { Trace } from '../engine/index.ts';

/** The device whose step is shown in detail: the one that waits most nearly as long as the mean device, the first of several. */
export function shownDevice({ devices: { wait } }: Trace): number {
  const mean = wait.reduce((sum, one) => sum + one, 0) / wait.length;
  return wait.reduce((near, one, device) => (Math.abs(one - mean) < Math.abs(wait[near] - mean) ? device : near), 0);
}
