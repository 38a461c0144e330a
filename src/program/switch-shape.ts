import { InputError } from '../base/index.ts';
import { shardsOf } from '../layout/index.ts';
import { type Stack, switchLayersOf } from '../model/index.ts';
import { isIssue, routingSizes } from '../routing/index.ts';
import { type Load, type Scenario, splitTokens, stackTokens } from '../scenario/index.ts';
import { type GateWork, gateWork } from './gate-work.ts';

/** How the tokens of one stack meet the experts of a Switch layer. */
export interface SwitchShape {
  readonly stack: Stack;
  readonly tokens: number;
  readonly groups: number;
  readonly groupTokens: number;
  readonly experts: number;
  readonly expertsPerDevice: number;
  readonly groupsPerDevice: number;
  readonly topK: number;
  /** Slots per expert and group. */
  readonly expertCapacity: number;
  readonly gate: GateWork;
}

/** Throws an InputError when the tokens cannot be cut into groups as asked; `scenario/rules.ts` says so earlier and better. */
export function switchShape(scenario: Scenario, stack: Stack): SwitchShape {
  const { routing, layout, model } = scenario;
  const experts = model.moe?.experts ?? 0;
  const shards = shardsOf(layout);
  const tokens = stackTokens(scenario, stack);
  const split = splitTokens(scenario, stack);
  if (isIssue(split)) throw new InputError([split]);
  const { groups, groupTokens } = split;
  return {
    stack,
    tokens,
    groups,
    groupTokens,
    experts,
    expertsPerDevice: experts / shards.experts,
    groupsPerDevice: groups / shards.batch,
    ...routingSizes(routing, groupTokens, experts),
    gate: gateWork(routing),
  };
}

/**
 * Experts that a token meets at most: its choices, or the slots per token where these are fewer; 0 in a dense model. Without slots, where a load is known,
 * the mean number of choices that were made.
 */
export function expertsPerToken(scenario: Scenario, stack: Stack, load: Load | null): number {
  const hasSwitchLayers = switchLayersOf(scenario.model).some((layer) => layer.stack === stack);
  if (!hasSwitchLayers) return 0;
  const { topK, experts, expertCapacity, groupTokens } = switchShape(scenario, stack);
  const routed = load?.layers.filter((layer) => layer.stack === stack) ?? [];
  if (scenario.routing.dispatch === 'dropless' && routed.length > 0) {
    const choices = routed.reduce((sum, { kept }) => kept.reduce((ofLayer, count) => ofLayer + count, sum), 0);
    return choices / routed.reduce((sum, layer) => sum + layer.groups * layer.groupTokens, 0);
  }
  return Math.min(topK, (experts * expertCapacity) / groupTokens);
}
