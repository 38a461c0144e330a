/** Order of events at one instant; the event heap's phase. */
export const Happens = {
  /** A device begins, or its computations end; first, so that collectives which it completes start at this instant. */
  computed: 0,
  /** The last bytes of a phase arrive, a latency after they left. */
  arrived: 1,
  /** A transfer over links runs dry. */
  drained: 2,
  /** A transfer between device and host ends. */
  copied: 3,
  /** Links are shared anew; last, when everything else at this instant has started or ended. */
  settle: 7,
} as const;
