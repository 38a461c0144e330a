import { InputError, nearest } from '../../base/index.ts';
import { type CollectiveRequest, ROUTINGS, type Routing } from '../plan.ts';
import type { SliceMembers } from './slice-members.ts';

/** Calls `emit` with each way of a pair and the share of the bytes that takes it. The array of links is used again. */
export type FindRoutes = (from: number, to: number, emit: (share: number, links: readonly number[]) => void) => void;

/** Orders of dimensions mean something on a plain grid alone: no twist, no wire missing between members, and these a grid in every slice. */
export function possibleRoutings(parts: readonly SliceMembers[]): readonly Routing[] {
  return parts.every(({ grid, box }) => grid !== null && box !== null) ? ROUTINGS : ['balanced'];
}

/** What the request says; else all orders where they are possible, balanced elsewhere. Throws InputError where the wires cannot have it. */
export function routingOf(request: CollectiveRequest, parts: readonly SliceMembers[]): Routing {
  const possible = possibleRoutings(parts);
  const wanted = request.routing ?? (possible.includes('all-orders') ? 'all-orders' : 'balanced');
  if (possible.includes(wanted)) return wanted;
  const known = ROUTINGS.includes(wanted);
  throw new InputError([
    {
      code: 'E_ROUTING',
      path: 'routing',
      value: `${wanted} over ${request.topology.name}`,
      rule: known
        ? 'orders of the dimensions need a plain grid: no twist, no broken link, members that are a grid of chips'
        : `must be one of ${ROUTINGS.join(', ')}`,
      remedy: known
        ? 'use balanced, which takes the shortest ways of any graph'
        : `use ${nearest(wanted, ROUTINGS) ?? possible.join(' or ')}`,
    },
  ]);
}
