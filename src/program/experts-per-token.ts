import { type Stack, switchLayersOf } from '../model/index.ts';
import type { Load, Scenario } from '../scenario/index.ts';
import { nearestLayer } from './layer-rows.ts';
import { switchShape } from './switch-shape.ts';

/**
 * Experts that a token meets, mean over the Switch layers of a stack; 0 where there is none. Where a load is known, the choices that were made over all
 * places of the groups (padding makes none), layer by layer from the load that `layerRows` reads, so that model and program count the same ones; else
 * the router's choices. Never more than there are slots per token.
 */
export function expertsPerToken(scenario: Scenario, stack: Stack, load: Load | null): number {
  const layers = switchLayersOf(scenario.model).filter((layer) => layer.stack === stack);
  if (layers.length === 0) return 0;
  const { topK, experts, expertCapacity, groupTokens } = switchShape(scenario, stack);
  const slots = (experts * expertCapacity) / groupTokens;
  const perLayer = layers.map(({ layer }) => Math.min(slots, load === null ? topK : choicesPerPlace(load, stack, layer)));
  return perLayer.reduce((sum, choices) => sum + choices, 0) / layers.length;
}

function choicesPerPlace(load: Load, stack: Stack, layer: number): number {
  const { requested, groups, groupTokens } = nearestLayer(load, stack, layer);
  return requested.reduce((sum, count) => sum + count, 0) / (groups * groupTokens);
}
