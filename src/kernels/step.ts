/**
 * Work that is cut into items: those of one phase do not depend on each other, and may run at once on any number of lanes; a phase begins when the one before it is
 * done. What an item computes depends on its number alone, never on the lane.
 */
export interface Step {
  /** Items of each phase. */
  readonly phaseItems: readonly number[];
  /** Runs one item. `lane` (0, 1, ...) chooses the working space: no two items run on one lane at the same time. */
  run(phase: number, item: number, lane: number): void;
  /** What an item does, where and on what shape, for messages: `expert 17 of layer 3 on core 5: 40 x 768 by 768 x 3072`. */
  name(phase: number, item: number): string;
}

/** Runs all items on the calling thread, in order. */
export function runStepAlone(step: Step): void {
  step.phaseItems.forEach((count, phase) => {
    for (let item = 0; item < count; item++) step.run(phase, item, 0);
  });
}
