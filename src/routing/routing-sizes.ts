import { lookUp } from '../base/index.ts';
import { CAPACITY_RULES } from './capacity-rules/index.ts';
import { createRouter } from './create-router.ts';
import type { DispatchName } from './dispatch-names.ts';
import type { OptionValues } from './options.ts';

/** A router with its options and its capacity, by the names of a scenario. */
export interface RoutingChoice {
  readonly router: string;
  readonly options: OptionValues;
  readonly capacityFactor: number;
  readonly capacityRule: string;
  /** With slots when left out. */
  readonly dispatch?: DispatchName;
}

/**
 * Choices per token, and slots per expert and group, when groups of `groupTokens` tokens meet `experts` experts. Dropless dispatch has no slots: an expert
 * may get the whole group. Only an algorithm that fixes the capacity itself keeps it; where its experts choose, a token has as many as there are rows
 * for it, on average.
 */
export function routingSizes(choice: RoutingChoice, groupTokens: number, experts: number): { topK: number; expertCapacity: number } {
  const { topK, ownCapacity, rows } = createRouter(choice.router, choice.options);
  const sizes = { tokens: groupTokens, experts, capacityFactor: choice.capacityFactor };
  if (ownCapacity !== null) {
    const expertCapacity = ownCapacity(sizes);
    return { topK: rows({ ...sizes, expertCapacity }) / groupTokens, expertCapacity };
  }
  if (choice.dispatch === 'dropless') return { topK, expertCapacity: groupTokens };
  const rule = lookUp(CAPACITY_RULES, choice.capacityRule, 'E_CAPACITY_RULE_UNKNOWN', 'routing.capacityRule');
  return { topK, expertCapacity: rule.expertCapacity({ ...sizes, topK }) };
}
