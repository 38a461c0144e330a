import type { Bytes } from '../base/index.ts';
import type { OverlapSpec } from '../layout/index.ts';
import {
  ENCODER_OUTPUT,
  gradientOf,
  piecesOf,
  type Rematerialised,
  type Step,
  segmentsOf,
  type Tensor,
  type Unit,
} from '../program/index.ts';
import type { ReaderEnds } from './encoder-reads.ts';
import type { Labels } from './memory-parts.ts';
import { passClasses, type StepRange, type TensorRange } from './step-classes.ts';

/** Tensors of one unit in device memory, step by step. */
export interface UnitMemory {
  readonly forward: PassMemory;
  /** Steps that are made again come first. */
  readonly backward: PassMemory;
  /** From the forward to the backward pass. */
  readonly held: LabelledBytes;
  readonly heldBytes: Bytes;
  /** For the whole step. */
  readonly resident: LabelledBytes;
  readonly residentBytes: Bytes;
  /** Null: it does not read the encoder's output. */
  readonly reader: ReaderMemory | null;
}

/** Of a unit that reads the encoder's output. */
export interface ReaderMemory {
  readonly isReadBack: boolean;
  /** A pass with the output and its gradient among its tensors, for the steps for which they are there; remembered. */
  readonly atEnds: (ends: ReaderEnds) => PassMemory;
}

/** Bytes of tensors by the number of their label; structure of arrays. */
export interface LabelledBytes {
  readonly labels: readonly number[];
  readonly bytes: readonly Bytes[];
}

export interface PassMemory {
  /** Rows of weight groups (own ones, then tied ones) in the order in which the pass comes to use them. */
  readonly order: readonly number[];
  /** Where weights are gathered when they are used, and where they are gathered one use ahead. */
  readonly inTime: readonly StepClass[];
  readonly ahead: readonly StepClass[];
  /** Moments between steps at which gradients are scattered. */
  readonly scatters: { readonly inTime: readonly StepClass[]; readonly ahead: readonly StepClass[] };
  /** Moments between steps at which weights that the host has arrive; ahead, those of the next unit's first use as well, as the last one. */
  readonly arrivals: { readonly inTime: readonly StepClass[]; readonly ahead: readonly StepClass[] };
}

/** Steps at which the same weights and gradients are there; of these the one with most tensors. Only those that may be a pass's fullest. */
export interface StepClass {
  readonly tensors: LabelledBytes;
  readonly tensorBytes: Bytes;
  /** Rows of weight groups. */
  readonly gathered: readonly number[];
  /** Of which a part of the gradient is there, and the whole. */
  readonly learning: readonly number[];
  readonly learned: readonly number[];
  /** Weights of what follows the unit may be on their way. */
  readonly isLate: boolean;
  /** Between two steps: the group that is being gathered, and the one whose gradient is being scattered; -1 for none. */
  readonly arriving: number;
  readonly scattering: number;
}

/** `scattered`: bytes of the shard of each own group's gradient, at most. */
export function unitMemory(
  unit: Unit,
  remade: Rematerialised,
  overlap: OverlapSpec,
  labels: Labels,
  scattered: readonly Bytes[],
): UnitMemory {
  const resident = unit.tensors.filter(({ name }) => unit.resident.includes(name));
  const backward = unit.backward.length === 0 ? [] : [...remade.again, ...remade.backward];
  const heldNames = remade.kept.map(({ name }) => name);
  const waiting = remade.offloaded.map(({ name }) => name);
  const forwardEnds = { fromStart: [unit.input], toEnd: [unit.output, ...heldNames, ...waiting], encoder: null };
  const backwardEnds = {
    fromStart: [...heldNames, ...waiting, unit.output === null ? null : gradientOf(unit.output)],
    // Of a loop, a part of a stack that its next turns read.
    toEnd: [...(unit.loop === null ? [] : heldNames), unit.input === null ? null : gradientOf(unit.input)],
    encoder: null,
  };
  const forwardSetting = { overlap, labels, scattered: [] };
  const backwardSetting = { overlap, labels, scattered };
  return {
    forward: passMemory(unit, unit.forward, forwardSetting, forwardEnds),
    backward: passMemory(unit, backward, backwardSetting, backwardEnds),
    held: byLabel(remade.kept, labels),
    heldBytes: sumOf(remade.kept),
    resident: byLabel(resident, labels),
    residentBytes: sumOf(resident),
    reader: unit.readsEncoder
      ? {
          isReadBack: backward.some(({ reads }) => reads.includes(ENCODER_OUTPUT)),
          atEnds: rememberedEnds((ends) =>
            ends.backward
              ? passMemory(unit, backward, backwardSetting, { ...backwardEnds, encoder: ends })
              : passMemory(unit, unit.forward, forwardSetting, { ...forwardEnds, encoder: ends }),
          ),
        }
      : null,
  };
}

/** Few steps ask for it. */
function rememberedEnds(make: ReaderMemory['atEnds']): ReaderMemory['atEnds'] {
  const known = new Map<ReaderEnds, PassMemory>();
  return (ends) => {
    const pass = known.get(ends) ?? make(ends);
    known.set(ends, pass);
    return pass;
  };
}

function byLabel(tensors: readonly Tensor[], { rowOf }: Labels): LabelledBytes {
  const sums = new Map<number, Bytes>();
  for (const { label, bytes } of tensors) sums.set(rowOf(label), (sums.get(rowOf(label)) ?? 0) + bytes);
  return { labels: [...sums.keys()], bytes: [...sums.values()] };
}

function sumOf(tensors: readonly Tensor[]): Bytes {
  return tensors.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Tensors that are there before the first step, and that must be there after the last. */
interface Ends {
  readonly fromStart: readonly (string | null)[];
  readonly toEnd: readonly (string | null)[];
  /** Null: the encoder's output and its gradient live from unit to unit, and are not counted here. */
  readonly encoder: ReaderEnds | null;
}

/** What the passes of all units have in common. */
interface Setting {
  readonly overlap: OverlapSpec;
  readonly labels: Labels;
  readonly scattered: readonly Bytes[];
}

function passMemory(unit: Unit, steps: readonly Step[], { overlap, labels, scattered }: Setting, ends: Ends): PassMemory {
  const groups = [...unit.weights, ...unit.tied];
  const rangesOf = (has: (step: Step, name: string) => boolean) =>
    groups.map(
      ({ name }): StepRange => ({
        first: steps.findIndex((step) => has(step, name)),
        last: steps.findLastIndex((step) => has(step, name)),
      }),
    );
  const uses = rangesOf((step, name) => step.kind === 'compute' && step.uses.includes(name));
  const gradients = rangesOf((step, name) => step.kind === 'compute' && step.gradients.includes(name));
  const order = Array.from(uses.keys())
    .filter((row) => uses[row].first >= 0)
    .sort((a, b) => uses[a].first - uses[b].first);
  return passClasses(
    { steps: steps.length, tensors: tensorRanges(unit, steps, overlap, ends), uses, gradients, order, scattered },
    (tensors) => byLabel(tensors, labels),
  );
}

function tensorRanges(unit: Unit, steps: readonly Step[], overlap: OverlapSpec, { fromStart, toEnd, encoder }: Ends): TensorRange[] {
  const together = stretchesOf(steps, overlap);
  const first = new Map<string, number>();
  const last = new Map<string, number>();
  for (const [i, { reads, makes }] of steps.entries()) {
    for (const name of [...reads, ...makes]) {
      // With the first piece of all steps that are done by turns, until this step of the last one, which is also when a gradient is whole.
      if (!first.has(name)) first.set(name, together[i].first);
      last.set(name, i);
    }
  }
  const isGiven = (name: string): boolean => fromStart.includes(name) || (encoder !== null && isGivenToReader(name, encoder));
  const isLeft = (name: string): boolean => toEnd.includes(name) || (encoder !== null && isLeftByReader(name, encoder));
  const ranges: TensorRange[] = [];
  for (const tensor of unit.tensors) {
    const { name } = tensor;
    if (unit.resident.includes(name) || (encoder === null && isOfEncoder(name))) continue;
    const given = isGiven(name);
    const from = given ? 0 : (first.get(name) ?? -1);
    const to = from >= 0 && isLeft(name) ? steps.length - 1 : (last.get(name) ?? -1);
    if (from >= 0 && to >= 0) ranges.push({ tensor, first: from, last: to, isGiven: given });
  }
  return ranges;
}

const ENCODER_GRADIENT = gradientOf(ENCODER_OUTPUT);

function isOfEncoder(name: string): boolean {
  return name === ENCODER_OUTPUT || name === ENCODER_GRADIENT;
}

function isGivenToReader(name: string, { backward, beginsGradient }: ReaderEnds): boolean {
  return name === ENCODER_OUTPUT || (name === ENCODER_GRADIENT && backward && !beginsGradient);
}

function isLeftByReader(name: string, { backward, endsOutput }: ReaderEnds): boolean {
  return (name === ENCODER_OUTPUT && !endsOutput) || (name === ENCODER_GRADIENT && backward);
}

/** [steps]: the steps that are done by turns with each, for one piece after the other: computations up to a collective, and that collective. */
function stretchesOf(steps: readonly Step[], overlap: OverlapSpec): StepRange[] {
  const ranges: StepRange[] = [];
  let at = 0;
  for (const segment of segmentsOf(steps)) {
    const isCut = segment[0].segment > 0 && piecesOf(segment, overlap) > 1;
    let first = at;
    for (const step of segment) {
      at++;
      const isOver = !isCut || step.kind === 'collective' || step === segment[segment.length - 1];
      if (!isOver) continue;
      for (let i = first; i < at; i++) ranges.push({ first, last: at - 1 });
      first = at;
    }
  }
  return ranges;
}
