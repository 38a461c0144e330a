import { InputError } from '../base/index.ts';
import type { Topology } from '../hardware/index.ts';

/** Messages, with the links of their routes at 16 times as many, fit into about 2 GiB. */
const MOST_MESSAGES = 16_000_000;
const MOST_ROUTE_LINKS = 16 * MOST_MESSAGES;

/** Throws InputError where a schedule would have more messages, or longer routes together, than are kept. */
export function checkScheduleSize({ name }: Topology, messages: number, routeLinks = 0): void {
  if (messages <= MOST_MESSAGES && routeLinks <= MOST_ROUTE_LINKS) return;
  const value = messages > MOST_MESSAGES ? `${messages} messages or more` : `routes of ${routeLinks} links or more`;
  throw new InputError([
    {
      code: 'E_SCHEDULE_SIZE',
      path: 'network',
      value: `${value} over ${name}`,
      rule: `a collective is kept as at most ${MOST_MESSAGES} messages, over routes of at most ${MOST_ROUTE_LINKS} links together`,
      remedy: 'use the fluid network, which needs no messages, or a smaller slice',
    },
  ]);
}
