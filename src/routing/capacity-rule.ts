/** S tokens in a group, E experts, k choices per token. */
export interface CapacityInput {
  readonly tokens: number;
  readonly experts: number;
  readonly capacityFactor: number;
  readonly topK: number;
}

/** How one implementation turns a capacity factor into slots per expert and group; a whole number. */
export interface CapacityRule {
  readonly title: string;
  /** The rule in one line, for people: S, E, k, cf as in the field. */
  readonly formula: string;
  readonly source: string;
  readonly expertCapacity: (input: CapacityInput) => number;
}

/** Rounds as Python's `round` does: halves go to the even neighbour, so 2.5 becomes 2 where Math.round gives 3. */
export function pythonRound(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}

export function roundUpToMultiple(x: number, multiple: number): number {
  return Math.ceil(x / multiple) * multiple;
}
