import { InputError } from '../base/index.ts';
import { shardsOf } from '../layout/index.ts';
import type { Stack } from '../model/index.ts';
import { isIssue, routingSizes } from '../routing/index.ts';
import { type Scenario, splitTokens, stackTokens } from '../scenario/index.ts';
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
