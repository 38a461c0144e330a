import { type Chip, checkShape, chipCount, squarestShape } from '../hardware/index.ts';

/** A slice that may be taken. */
export interface SliceCandidate {
  /** Sides in chips. */
  readonly shape: readonly number[];
  /** Which sides close into rings; the chip's rule when left out. */
  readonly wrap?: readonly boolean[];
}

/** The default shapes of 1, 2, 4, ... chips, up to the pod. */
export function powerOfTwoSlices(chip: Chip): SliceCandidate[] {
  const podChips = chipCount(chip.podShape);
  const slices: SliceCandidate[] = [];
  for (let chips = 1; chips <= podChips; chips *= 2) {
    const shape = squarestShape(chips, chip.iciDimensions === 2 ? 2 : 3);
    if (shape !== undefined && checkShape(chip, shape).length === 0) slices.push({ shape });
  }
  return slices;
}
