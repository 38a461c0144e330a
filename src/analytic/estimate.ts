import type { Picoseconds, Seconds } from '../base/index.ts';

/** Closed-form answer for one program on an idle slice: no events, microseconds of work. */
export interface Estimate {
  /** Unrounded. */
  readonly stepSeconds: Seconds;
  /** The same sum over the rounded durations that the engine uses; equal to the engine's step when nothing contends or waits. */
  readonly step: Picoseconds;
  readonly computeSeconds: Seconds;
  /** Time of all collectives on idle wires, hidden or not. */
  readonly communicationSeconds: Seconds;
  readonly exposedCommunicationSeconds: Seconds;
  /** Busiest resource: no schedule is shorter. */
  readonly lowerBoundSeconds: Seconds;
  /** Everything one after the other: no schedule without imbalance is longer. */
  readonly upperBoundSeconds: Seconds;
}
