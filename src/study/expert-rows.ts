import type { ExpertLoadRow } from '../result/index.ts';
import { maxOverMean, relativeEntropy } from '../routing/index.ts';
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
    idleExperts: layer.requested.filter((count) => count === 0).length,
    expertUsage: layer.kept.reduce((sum, count) => sum + count, 0) / (layer.experts * layer.expertCapacity * layer.groups),
    loadEntropy: relativeEntropy(layer.requested),
    routerConfidence: orNull(layer.routerConfidence),
    auxiliaryLoss: orNull(layer.auxiliaryLoss),
    routerZLoss: orNull(layer.routerZLoss),
  }));
}

/** Mean over layers of max / mean requested load. */
export function meanMaxOverMean(load: Load): number {
  return load.layers.reduce((sum, layer) => sum + maxOverMean(layer.requested), 0) / load.layers.length;
}

/** Choices that a token made, mean over the routed tokens of all routed layers. */
export function choicesPerToken({ layers }: Load): number {
  const choices = layers.reduce((sum, layer) => layer.requested.reduce((ofLayer, count) => ofLayer + count, sum), 0);
  return choices / layers.reduce((sum, layer) => sum + layer.groups * layer.groupTokens - layer.paddingTokens, 0);
}

/** JSON has no NaN. */
function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
