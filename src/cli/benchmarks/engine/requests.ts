import { assert, type Seconds } from '../../../base/index.ts';
import { COLLECTIVES, type CollectiveKind, type CollectiveRequest } from '../../../collectives/index.ts';
import type { NetworkJob } from '../../../network/index.ts';

/** A collective as the network models take it. */
export function jobOf(kind: CollectiveKind, request: CollectiveRequest, starts?: Float64Array): NetworkJob {
  const { plan, schedule } = COLLECTIVES[kind];
  return {
    plan: plan(request),
    schedule: () => {
      assert(schedule !== undefined, `${kind} has messages`);
      return schedule(request);
    },
    starts,
  };
}

/** No algorithm is faster on these wires; without latency. */
export function boundSeconds(kind: CollectiveKind, request: CollectiveRequest): Seconds {
  const { lowerBoundSeconds } = COLLECTIVES[kind];
  assert(lowerBoundSeconds !== undefined, `${kind} has a bound`);
  return lowerBoundSeconds(request);
}

/** Chunks are no smaller than any message here: a message is one chunk. */
export const WHOLE_MESSAGES = { chunkBytes: 2 ** 40 };

/** What no result may be; bounds and times come out of different sums. */
export function belowBound(seconds: Seconds, bound: Seconds): string[] {
  return seconds < bound * (1 - 1e-9) ? [`${seconds} s is below the bound of the wires, ${bound} s`] : [];
}
