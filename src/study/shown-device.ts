import type { Trace } from '../engine/index.ts';

/** The device whose step is shown in detail: of those whose spans were kept, the one that waits most nearly as long as the mean device, the first of several. */
export function shownDevice({ devices: { wait }, spans }: Trace): number {
  const mean = wait.reduce((sum, one) => sum + one, 0) / wait.length;
  const distance = (device: number): number => Math.abs(wait[device] - mean);
  return spans.devices.reduce((near, device) => (distance(device) < distance(near) ? device : near));
}
