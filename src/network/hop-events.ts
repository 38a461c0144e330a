/** Order of events at one instant in `hop`: what arrives stands in line before a link chooses. */
export const HopHappens = {
  /** The sender of a message whose predecessors have arrived is ready. */
  ready: 0,
  /** The tail of a message is at its receiver. */
  delivered: 1,
  /** A chunk may go on over its next link. */
  arrived: 2,
  /** A link may take its next chunk. */
  freed: 3,
} as const;
