import type { ExpertLoadRow } from '../result/index.ts';
import { maxOverMean } from '../routing/index.ts';
import type { Load } from '../scenario/index.ts';

/** What routing did, layer by layer, as plain JSON. */
export function expertLoadRows(load: Load): ExpertLoadRow[] {
  return load.layers.map((layer) => ({
    stack: layer.stack,
    layer: layer.layer,
    requested: Array.from(layer.requested),
    kept: Array.from(layer.kept),
    slotsPerExpert: layer.expertCapacity * layer.groups,
    expertCapacity: layer.expertCapacity,
    groupTokens: layer.groupTokens,
    groups: layer.groups,
    totalGroups: layer.totalGroups,
    droppedTokenFraction: layer.droppedTokens / (layer.groups * layer.groupTokens - layer.paddingTokens),
    maxOverMean: maxOverMean(layer.requested),
    routerConfidence: orNull(layer.routerConfidence),
    auxiliaryLoss: orNull(layer.auxiliaryLoss),
  }));
}

/** Mean over layers of max / mean requested load. */
export function meanMaxOverMean(load: Load): number {
  return load.layers.reduce((sum, layer) => sum + maxOverMean(layer.requested), 0) / load.layers.length;
}

/** JSON has no NaN. */
function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
