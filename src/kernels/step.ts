/**
 * Work that is cut into items: those of one phase do not depend on each other, and may run at once on any number of lanes; a phase begins when the one before it is
 * done. What an item computes depends on its number alone, never on the lane.
 */
export interface Step {
  /** Items of each phase. */
  readonly phaseItems: readonly number[];
  /** Runs one item. `lane` (0, 1, ...) chooses the working space: no two items run on one lane at the same time. */
  run(phase: number, item: number, lane: number): void;
  /** What an item does, where and on what shape, for messages: `expert 17 of layer 3 on core 5: 40 x 768 by 768 x 3072`. It works for every item at any time. */
  name(phase: number, item: number): string;
}

/** Items of all phases. */
export function stepItems({ phaseItems }: Step): number {
  return phaseItems.reduce((sum, count) => sum + count, 0);
}

/** The phase of an item that is numbered through all phases, and its number there. */
export function placeOfItem({ phaseItems }: Step, item: number): { readonly phase: number; readonly item: number } {
  let phase = 0;
  let left = item;
  while (left >= phaseItems[phase]) left -= phaseItems[phase++];
  return { phase, item: left };
}
