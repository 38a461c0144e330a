import { expertsOn } from './choice-laws.ts';
import type { LoadSizes } from './named-load.ts';

/** What can be hot: one expert, or a device with all experts that it holds. */
export const HOT_OF = ['expert', 'device'] as const;
type HotOf = (typeof HOT_OF)[number];

/** The experts of hot place number `at`, modulo how many places there are. */
export function hotPlaces(of: HotOf, at: number, sizes: LoadSizes): number[] {
  return of === 'expert' ? [at % sizes.experts] : expertsOn(at % sizes.devices, sizes);
}

export function hotCount(of: HotOf, at: number, sizes: LoadSizes): number {
  return hotPlaces(of, at, sizes).length;
}
