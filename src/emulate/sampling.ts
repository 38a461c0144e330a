import type { LayerLoad, Load } from '../scenario/index.ts';

/** A mean over a sample, with its standard error; 0 when everything was counted, NaN when the sample does not tell. */
export interface SampledShare {
  readonly value: number;
  readonly standardError: number;
}

/** `wanted` different indices out of 0 .. total - 1, evenly spread and in increasing order; all when `wanted` is `all` or too many. */
export function sampleEvenly(total: number, wanted: 'all' | number): number[] {
  const count = wanted === 'all' ? total : Math.min(total, Math.max(1, Math.floor(wanted)));
  return Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * total) / count));
}

/**
 * Share of dropped tokens over all Switch layers, each layer weighted by the tokens that pass it.
 *
 * Layers are the first stage of the sample and groups the second (Cochran, Sampling Techniques, 3rd ed. 1977, chapter 10): the variance is that
 * between layers plus that between groups, each with its finite population correction. A group is routed by all layers of its stack, so its shares
 * are correlated: what a group does in all of them is added up before it is squared.
 */
export function droppedTokenShare(load: Load): SampledShare {
  const { layers, totalLayers } = load;
  const weights = layers.map(layerTokens);
  const totalWeight = sum(weights);
  if (totalWeight === 0) return { value: 0, standardError: 0 };
  const shares = layers.map((layer) => mean(layer.droppedShareByGroup));
  const value = sum(shares.map((share, i) => (weights[i] / totalWeight) * share));
  const betweenLayers =
    layers.length === totalLayers
      ? 0
      : ((1 - layers.length / totalLayers) *
          layers.length *
          sum(shares.map((share, i) => square((weights[i] / totalWeight) * (share - value))))) /
        (layers.length - 1);
  const betweenGroups = sum(stacksOf(layers).map((stack) => groupVariance(stack) * square(stackWeight(stack) / totalWeight)));
  return { value, standardError: Math.sqrt(betweenLayers + betweenGroups) };
}

function stacksOf(layers: readonly LayerLoad[]): LayerLoad[][] {
  return ['encoder', 'decoder'].map((name) => layers.filter(({ stack }) => stack === name)).filter((stack) => stack.length > 0);
}

function stackWeight(stack: readonly LayerLoad[]): number {
  return sum(stack.map(layerTokens));
}

/** Tokens that pass the layer, as far as the routed groups tell; padding is none. */
function layerTokens({ totalGroups, groups, groupTokens, paddingTokens }: LayerLoad): number {
  return totalGroups * (groupTokens - paddingTokens / groups);
}

/**
 * Variance of a stack's mean share that comes from having routed only some groups of its layers: every group adds what it moved the mean by, summed
 * over the layers that routed it. Where all layers routed the same groups this is the textbook variance of the groups' means; where they did not,
 * what layers have in common is rather over- than underrated. Layers that routed everything add nothing; one group alone shows no spread: NaN.
 */
function groupVariance(stack: readonly LayerLoad[]): number {
  const moved = new Map<number, number>();
  for (const { groups, totalGroups, routedGroups, droppedShareByGroup } of stack) {
    if (groups === totalGroups) continue;
    const centre = mean(droppedShareByGroup);
    const weight = Math.sqrt((1 - groups / totalGroups) / ((groups - 1) * groups)) / stack.length;
    droppedShareByGroup.forEach((share, row) => {
      const group = routedGroups[row];
      moved.set(group, (moved.get(group) ?? 0) + weight * (share - centre));
    });
  }
  return sum([...moved.values()].map(square));
}

function square(x: number): number {
  return x * x;
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}

function mean(values: ArrayLike<number>): number {
  return sum(values) / values.length;
}
