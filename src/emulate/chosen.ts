import { assignRecorded, countAssignment, createAssignment, routingSizes } from '../routing/index.ts';
import type { Load } from '../scenario/index.ts';
import { layerLoad, loadFingerprint } from './collect.ts';
import type { EmulationRequest, RoutingVariant, StackTokens } from './types.ts';

/** The part of a request that matters when experts are not computed but given. */
export type ChosenRequest = Pick<
  EmulationRequest,
  'seed' | 'dModel' | 'experts' | 'devices' | 'tokensTravel' | 'dispatchDtype' | 'stacks' | 'totalLayers' | 'variants'
>;

/** One Switch layer whose choices are given for the groups in `tokens.groups`. */
export interface ChosenLayer {
  readonly tokens: StackTokens;
  readonly layer: number;
  /** Experts of one group, [groupTokens * topK] token-major, first choices first; -1 where a token made no such choice. */
  readonly choicesOf: (group: number, topK: number) => Int32Array;
}

/** Seats given choices under every variant's capacity and counts as `emulate` does. Losses are NaN: nothing is known of probabilities. */
export function loadsOfChoices(request: ChosenRequest, kind: Load['kind'], layers: readonly ChosenLayer[]): Load[] {
  return request.variants.map((variant) => {
    const counted = layers.map((layer) => countLayer(request, variant, layer));
    const { router, capacityFactor } = variant;
    const load = { router, capacityFactor, kind, layers: counted, totalLayers: request.totalLayers, slotTraffic: null, verification: null };
    return { ...load, fingerprint: loadFingerprint(load) };
  });
}

function countLayer(request: ChosenRequest, variant: RoutingVariant, { tokens, layer, choicesOf }: ChosenLayer) {
  const { experts } = request;
  const { groupTokens, groups } = tokens;
  const { topK, expertCapacity } = routingSizes(variant, groupTokens, experts);
  const requested = new Int32Array(groups.length * experts);
  const kept = new Int32Array(groups.length * experts);
  const dropped = new Int32Array(groups.length);
  const into = createAssignment(groupTokens, topK);
  groups.forEach((group, row) => {
    const assignment = assignRecorded({ tokens: groupTokens, experts, topK, expertCapacity, expert: choicesOf(group, topK) }, into);
    dropped[row] = countAssignment(assignment, groupTokens, requested, kept, row * experts).droppedTokens;
  });
  const losses = { auxiliaryLoss: Number.NaN, routerZLoss: Number.NaN, routerConfidence: Number.NaN };
  return layerLoad(request, tokens, layer, { topK, expertCapacity, requested, kept, dropped }, losses);
}
