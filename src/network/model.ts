import { type Bytes, type Picoseconds, type Seconds, toPicoseconds } from '../base/index.ts';
import type { GroupPlan, Schedule } from '../collectives/index.ts';
import type { Topology } from '../hardware/index.ts';

/** One collective of one group, or one transfer, that wants the wires from `starts` on. */
export interface NetworkJob {
  /** Bytes on links by phase: what `ideal` and `fluid` look at. */
  readonly plan: GroupPlan;
  /** The same as messages: what `hop` looks at; made only when asked for, because it may be large. */
  readonly schedule: () => Schedule;
  /** [members of `plan.devices`], seconds: when each member is ready; all at 0 when absent. */
  readonly starts?: Float64Array;
}

export interface NetworkOptions {
  /** `hop` cuts messages into chunks of at most this size, and a message into at least one. */
  readonly chunkBytes: Bytes;
}

/** What a model found: jobs that share links slow one another in `fluid` and `hop`, not in `ideal`. */
export interface NetworkRun {
  /** [jobs], seconds: when the last byte of each has arrived. */
  readonly ends: Float64Array;
  /** Of the last job; 0 without jobs. */
  readonly seconds: Seconds;
  /** [links]. */
  readonly linkBytes: Float64Array;
  /** [links]: how long anything was on its way over the link; in `hop`, how long the link was sending. */
  readonly linkBusySeconds: Float64Array;
  readonly events: number;
}

export interface NetworkModel {
  readonly title: string;
  run(topology: Topology, jobs: readonly NetworkJob[], options: NetworkOptions): NetworkRun;
}

/** When the last member of a job is ready. */
export function lastStart({ starts }: Pick<NetworkJob, 'starts'>): Picoseconds {
  return starts === undefined ? 0 : starts.reduce((last, start) => Math.max(last, toPicoseconds(start)), 0);
}
