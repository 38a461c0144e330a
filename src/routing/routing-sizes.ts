import { lookUp } from '../base/index.ts';
import { CAPACITY_RULES } from './capacity-rules/index.ts';
import { ROUTERS } from './routers/index.ts';

/** A router with its capacity, by the names of a scenario. */
export interface RoutingChoice {
  readonly router: string;
  readonly capacityFactor: number;
  readonly capacityRule: string;
}

/** Choices per token, and slots per expert and group, when groups of `groupTokens` tokens meet `experts` experts. */
export function routingSizes(choice: RoutingChoice, groupTokens: number, experts: number): { topK: number; expertCapacity: number } {
  const { topK } = lookUp(ROUTERS, choice.router, 'E_ROUTER_UNKNOWN', 'routing.router');
  const rule = lookUp(CAPACITY_RULES, choice.capacityRule, 'E_CAPACITY_RULE_UNKNOWN', 'routing.capacityRule');
  return { topK, expertCapacity: rule.expertCapacity({ tokens: groupTokens, experts, capacityFactor: choice.capacityFactor, topK }) };
}
