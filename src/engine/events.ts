/** Order of events at one instant; the event heap's phase. */
export const Happens = {
  /** A computation ends; first, so that collectives which it completes start at this instant. */
  computed: 0,
  /** The last bytes of a phase arrive, a latency after they left. */
  arrived: 1,
  /** A transfer runs dry. */
  drained: 2,
  /** Links are shared anew; last, when everything else at this instant has started or ended. */
  settle: 7,
} as const;
