/**
 * Charts: one file per picture, each a pure function from a Result to a ChartSpec, or to null where the run has nothing to draw
 * (a dense model has no experts). They stand on the page in the order of this list.
 */
import type { Registry } from '../../base/index.ts';
import type { Result } from '../../result/index.ts';
import type { ChartSpec } from '../chart-spec.ts';
import { clustering } from './clustering.ts';
import { deviceTraffic } from './device-traffic.ts';
import { expertLoad } from './expert-load.ts';
import { linkHeatMap } from './link-heat-map.ts';
import { memory } from './memory.ts';
import { stepBreakdown } from './step-breakdown.ts';
import { timeline } from './timeline.ts';

export type Chart = (result: Result) => ChartSpec | null;

export const CHARTS: Registry<Chart> = {
  'step-breakdown': stepBreakdown,
  timeline,
  'expert-load': expertLoad,
  'link-heat-map': linkHeatMap,
  'device-traffic': deviceTraffic,
  memory,
  clustering,
};

export function chartsOf(result: Result): readonly ChartSpec[] {
  return Object.values(CHARTS).flatMap((chart) => chart(result) ?? []);
}
