import { createRouter, ROUTERS } from '../routing/index.ts';
import type { Scenario } from '../scenario/index.ts';

/** What stands for the slots of an expert where dispatch gives every choice its row. */
export const UNBOUNDED = 'unbounded';

export function hasSlots({ routing }: Scenario): boolean {
  return routing.dispatch !== 'dropless';
}

/** Whether the router fixes the slots of its experts itself. By name alone: a stored scenario is shown, not run, and may lack what runs need. */
export function hasOwnCapacity({ routing: { router } }: Scenario): boolean {
  return ownCapacity(router) !== null;
}

/** Whether the capacity factor says anything: not without experts, not without slots, and not where the router fixes their number alone. */
export function readsCapacityFactor(scenario: Scenario): boolean {
  if (scenario.model.moe === null || !hasSlots(scenario)) return false;
  const own = ownCapacity(scenario.routing.router);
  return own === null || own(probe(1)) !== own(probe(2));
}

function ownCapacity(router: string) {
  return Object.hasOwn(ROUTERS, router) ? createRouter(router as keyof typeof ROUTERS).ownCapacity : null;
}

/** Sizes at which twice the factor is twice the slots, wherever it is read at all. */
function probe(capacityFactor: number) {
  return { tokens: 1024, experts: 8, capacityFactor };
}
