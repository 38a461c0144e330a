import type { Seconds } from '../../base/index.ts';
import type { CollectiveRequest, Routing } from '../plan.ts';
import { planSeconds } from '../plan-seconds.ts';
import type { CollectiveKind } from '../registry.ts';
import { COLLECTIVES } from '../registry.ts';
import { possibleRoutings } from './choose-routing.ts';
import { membersBySlice } from './slice-members.ts';

/** Time on idle wires under one routing. */
export interface RoutedSeconds {
  readonly routing: Routing;
  readonly seconds: Seconds;
}

/**
 * An all-to-all or a permutation under every routing that the wires can have. How bytes are routed is rarely published, and for traffic that is not
 * even the answers differ by a multiple, so a report shows them side by side.
 */
export function routedSeconds(kind: CollectiveKind & ('all-to-all' | 'permute'), request: CollectiveRequest): RoutedSeconds[] {
  return possibleRoutings(membersBySlice(request.topology, request.devices)).map((routing) => ({
    routing,
    seconds: planSeconds(COLLECTIVES[kind].plan({ ...request, routing }), request.topology),
  }));
}
