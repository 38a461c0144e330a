/** Order of events at one instant; the event heap's phase. */
export const Happens = {
  /** A device begins its step, or a computation ends for which others wait. */
  computed: 0,
  /** The last member of a run has joined. */
  began: 1,
  /** The last bytes of a phase arrive, a latency after they left. */
  arrived: 2,
  /** A transfer over links runs dry. */
  drained: 3,
  /** A transfer between device and host ends. */
  copied: 4,
  /** Links are shared anew; last, when everything else at this instant has started or ended. */
  settle: 7,
} as const;
