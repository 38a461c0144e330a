import { InputError } from '../../base/index.ts';
import type { Collective, CollectiveRequest, Schedule } from '../../collectives/index.ts';
import { hopEstimate } from '../../network/index.ts';

/** About ten minutes of simulation. */
const MOST_EVENTS = 1e9;
const MOST_BYTES = 2 ** 31;

/**
 * The messages of all groups, or a refusal before they, or their simulation, need more memory or time than a machine gives.
 * `onEvents` hears how many events there will be, at most, before any of them.
 */
export function hopSchedules(
  collective: Collective,
  requests: readonly CollectiveRequest[],
  chunkBytes: number,
  onEvents: (events: number) => void = () => undefined,
): Schedule[] {
  const schedules: Schedule[] = [];
  let events = 0;
  let bytes = 0;
  for (const request of requests) {
    const schedule = collective.schedule(request);
    const need = hopEstimate(schedule, chunkBytes);
    events += need.events;
    bytes += need.bytes + sizeOf(schedule);
    schedules.push(schedule);
    // Groups are alike: the first foretells the others.
    const share = requests.length / schedules.length;
    if (events * share > MOST_EVENTS || bytes * share > MOST_BYTES) refuse(events * share, bytes * share);
  }
  onEvents(events);
  return schedules;
}

/** Bytes of its columns. */
function sizeOf({ pieces, messages, routes }: Schedule): number {
  return [pieces, messages, routes]
    .flatMap((table) => Object.values(table))
    .reduce((sum, column) => sum + (typeof column === 'number' ? 0 : column.byteLength), 0);
}

function refuse(events: number, bytes: number): never {
  throw new InputError([
    {
      code: 'E_NETWORK_SIZE',
      path: '--network',
      value: `hop: ${(events / 1e6).toFixed(0)} million events, ${(bytes / 2 ** 30).toFixed(1)} GiB`,
      rule: `at most ${MOST_EVENTS / 1e6} million events and ${MOST_BYTES / 2 ** 30} GiB are simulated`,
      remedy: 'use --network fluid, a larger --chunk, or fewer devices',
    },
  ]);
}
