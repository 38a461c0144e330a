import type { Bytes } from '../base/index.ts';
import { ENCODER_OUTPUT, type Unit } from '../program/index.ts';

/** The units of a chain that read the encoder's output. */
export interface EncoderReads {
  /** The first and the last one. */
  readonly first: number;
  readonly last: number;
  /** Of the output, and as many of its gradient. */
  readonly bytes: Bytes;
  /** Backward passes read it, and not only copies of it that the forward passes have gathered. */
  readonly isReadBack: boolean;
}

const NO_READS: EncoderReads = { first: Number.POSITIVE_INFINITY, last: -1, bytes: 0, isReadBack: false };

export function encoderReads(kinds: readonly Unit[], sequence: readonly number[], isReadBack: boolean): EncoderReads {
  const first = sequence.findIndex((kind) => kinds[kind].readsEncoder);
  if (first < 0) return NO_READS;
  return {
    first,
    last: sequence.findLastIndex((kind) => kinds[kind].readsEncoder),
    bytes: kinds[sequence[first]].tensors.find(({ name }) => name === ENCODER_OUTPUT)?.bytes ?? 0,
    isReadBack,
  };
}

/** While a pass is at a unit that is no end: the output from its first reader on, until the backward pass has come back to it where that reads it. */
export function outputBytes({ first, last, bytes, isReadBack }: EncoderReads, unit: number, backward: boolean): Bytes {
  if (unit < first || (!isReadBack && (backward || unit > last))) return 0;
  return bytes;
}

/** Its gradient, between the last reader and the first one. */
export function gradientBytes({ first, last, bytes }: EncoderReads, unit: number, backward: boolean): Bytes {
  return backward && unit >= first && unit <= last ? bytes : 0;
}

/** A reader during whose pass the output or its gradient is there for a part of the steps. */
export interface ReaderEnds {
  readonly backward: boolean;
  /** Nobody reads the output behind it. */
  readonly endsOutput: boolean;
  /** It makes the first part of the gradient. */
  readonly beginsGradient: boolean;
}

const LAST_FORWARD: ReaderEnds = { backward: false, endsOutput: true, beginsGradient: false };
const FIRST: ReaderEnds = { backward: true, endsOutput: true, beginsGradient: false };
const LAST: ReaderEnds = { backward: true, endsOutput: false, beginsGradient: true };
const ONLY: ReaderEnds = { backward: true, endsOutput: true, beginsGradient: true };

/** Null: both are there for the whole pass, or not at all. `isFirstOfStage`: no unit before it is on its stage. */
export function readerEnds(
  { first, last, isReadBack }: EncoderReads,
  unit: number,
  backward: boolean,
  isFirstOfStage: boolean,
): ReaderEnds | null {
  if (unit < first || unit > last) return null;
  if (!backward) return unit === last && !isReadBack ? LAST_FORWARD : null;
  const isFirst = unit === first || isFirstOfStage;
  if (unit === last) return isFirst || !isReadBack ? ONLY : LAST;
  return isFirst && isReadBack ? FIRST : null;
}
