import type { EventQueue, Picoseconds } from '../base/index.ts';
import type { LiveTransfers, Transfer } from './live-transfers.ts';

/** Live transfers by events: at every instant at which some start or run dry, links are shared anew once. */
export interface TransferEvents {
  start(id: number, transfer: Transfer, now: Picoseconds): void;
  /** To be called with the payload of each `drained` event. */
  drained(version: number, now: Picoseconds): void;
  /** To be called at each `settle` event. */
  settle(now: Picoseconds): void;
}

/** `phases` of the two events in `queue`; settling is the last thing at an instant. `ended` hears of every transfer that has run dry. */
export function createTransferEvents(
  network: LiveTransfers,
  queue: EventQueue,
  phases: { readonly drained: number; readonly settle: number },
  ended: (id: number, now: Picoseconds) => void,
): TransferEvents {
  let starting: { readonly id: number; readonly transfer: Transfer }[] = [];
  let settleIsDue = false;
  let drainVersion = 0;
  const settleLater = (now: Picoseconds): void => {
    if (!settleIsDue) queue.push(now, phases.settle, 0);
    settleIsDue = true;
  };
  return {
    start(id, transfer, now) {
      starting.push({ id, transfer });
      settleLater(now);
    },
    drained(version, now) {
      // Rates have changed since this event was planned: a later one stands in for it.
      if (version !== drainVersion) return;
      for (const id of network.takeFinished(now)) ended(id, now);
      settleLater(now);
    },
    settle(now) {
      settleIsDue = false;
      drainVersion++;
      // In order of ids, not of who came last: sums over the users of a link then have one order, however many devices are simulated.
      starting.sort((a, b) => a.id - b.id);
      for (const { id, transfer } of starting) network.start(id, transfer, now);
      starting = [];
      const next = network.settle(now);
      if (next >= 0) queue.push(next, phases.drained, drainVersion);
    },
  };
}
