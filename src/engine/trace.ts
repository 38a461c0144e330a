import type { Picoseconds } from '../base/index.ts';

/** What the emulator saw: spans, waits and link loads of one step. Times are whole picoseconds since the start of the step. */
export interface Trace {
  readonly step: Picoseconds;
  readonly events: number;
  /** One row per task and device: row = task * devices + device. */
  readonly spans: SpanTable;
  readonly devices: DeviceTable;
  readonly links: LinkUseTable;
  /** Ingredients: step, every span, bytes and busy time of every link. */
  readonly fingerprint: string;
}

export interface SpanTable {
  readonly count: number;
  readonly task: Uint32Array;
  readonly device: Uint32Array;
  /** For a collective: when this device joined; for a computation: when it began. */
  readonly start: Float64Array;
  /** For a collective: when the last member had joined and bytes began to move; for a computation: equal to `start`. */
  readonly running: Float64Array;
  readonly end: Float64Array;
}

/** [devices] each; computeBusy + exposedCommunication + wait = step. */
export interface DeviceTable {
  readonly computeBusy: Float64Array;
  /** Compute stream idle while a collective that it needs is moving bytes. */
  readonly exposedCommunication: Float64Array;
  /** Compute stream idle for other members, or at the end of the step. */
  readonly wait: Float64Array;
}

/** [links] each. */
export interface LinkUseTable {
  readonly bytes: Float64Array;
  /** Time during which the link carried anything. */
  readonly busy: Float64Array;
}
