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

import type { Labels } from './memory-parts.ts';

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
}

interface StepRange {
  readonly first: number;
  readonly last: number;
}

interface TensorRange extends StepRange {
  readonly tensor: Tensor;
}

export function unitMemory(unit: Unit, remade: Rematerialised, overlap: OverlapSpec, labels: Labels): UnitMemory {
  const resident = unit.tensors.filter(({ name }) => unit.resident.includes(name));
  const backward = unit.backward.length === 0 ? [] : [...remade.again, ...remade.backward];
  const heldNames = new Set(remade.kept.map(({ name }) => name));
  return {
    forward: passMemory(
      unit,
      unit.forward,
      { overlap, labels },
      {
        fromStart: [unit.input],
        toEnd: [unit.output, ...heldNames, ...remade.offloaded.map(({ name }) => name)],
      },
    ),
    backward: passMemory(
      unit,
      backward,
      { overlap, labels },
      {
        fromStart: [...heldNames, ...remade.offloaded.map(({ name }) => name), ...(unit.output === null ? [] : [gradientOf(unit.output)])],
        // Of a loop, a part of a stack that its next turns read.
        toEnd: [...(unit.loop === null ? [] : heldNames), ...(unit.input === null ? [] : [gradientOf(unit.input)])],
      },
    ),
    held: byLabel(remade.kept, labels),
    heldBytes: sumOf(remade.kept),
    resident: byLabel(resident, labels),
    residentBytes: sumOf(resident),
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
}

/** What the passes of all units have in common. */
interface Setting {
  readonly overlap: OverlapSpec;
  readonly labels: Labels;
}

function passMemory(unit: Unit, steps: readonly Step[], { overlap, labels }: Setting, { fromStart, toEnd }: Ends): PassMemory {
  const together = stretchesOf(steps, overlap);
  const first = new Map<string, number>();
  const last = new Map<string, number>();
  for (const [i, { reads, makes }] of steps.entries()) {
    for (const name of [...reads, ...makes]) {
      if (!first.has(name)) first.set(name, together[i].first);
      last.set(name, together[i].last);
    }
  }
  const bytes = new Float64Array(steps.length);
  const ranges: TensorRange[] = [];
  for (const tensor of unit.tensors) {
    const { name } = tensor;
    // The encoder's output and its gradient live from layer to layer.
    if (unit.resident.includes(name) || name === ENCODER_OUTPUT || name === gradientOf(ENCODER_OUTPUT)) continue;
    const from = fromStart.includes(name) ? 0 : (first.get(name) ?? -1);
    const to = toEnd.includes(name) && from >= 0 ? steps.length - 1 : (last.get(name) ?? -1);
    if (from < 0 || to < 0) continue;
    ranges.push({ tensor, first: from, last: to });
    for (let i = from; i <= to; i++) bytes[i] += tensor.bytes;
  }
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
  const known = new Map<number, LabelledBytes>();
  const tensorsOf = (step: number): LabelledBytes => {
    const tensors = known.get(step) ?? byLabel(tensorsAt(ranges, step), labels);
    known.set(step, tensors);
    return tensors;
  };
  const classes = (isAhead: boolean): StepClass[] =>
    classesOf(bytes, uses, gradients, order, isAhead).map(({ step, tensorBytes, gathered, learning, learned, isLate }) => {
      return { tensors: tensorsOf(step), tensorBytes, gathered, learning, learned, isLate };
    });
  return { order, inTime: classes(false), ahead: classes(true) };
}

function tensorsAt(ranges: readonly TensorRange[], step: number): Tensor[] {
  return ranges.filter(({ first, last }) => first <= step && step <= last).map(({ tensor }) => tensor);
}

/** A class before its tensors are counted by label. */
interface StepOfClass extends Omit<StepClass, 'tensors'> {
  readonly step: number;
}

function classesOf(
  bytes: Float64Array,
  uses: readonly StepRange[],
  gradients: readonly StepRange[],
  order: readonly number[],
  isAhead: boolean,
): StepOfClass[] {
  const classes = new Map<string, StepOfClass>();
  const lastUse = order.length === 0 ? 0 : uses[order[order.length - 1]].first;
  const begin = (place: number): number => (!isAhead ? uses[order[place]].first : place === 0 ? 0 : uses[order[place - 1]].first);
  const rows = Array.from(gradients.keys());
  for (const [step, tensorBytes] of bytes.entries()) {
    const gathered = order.filter((row, place) => begin(place) <= step && step <= uses[row].last);
    const learning = rows.filter((row) => gradients[row].first >= 0 && gradients[row].first <= step && step <= gradients[row].last);
    const learned = rows.filter((row) => gradients[row].first >= 0 && gradients[row].last < step);
    const isLate = step >= lastUse;
    const key = `${gathered.join()} ${learning.join()} ${learned.join()} ${isLate}`;
    if (tensorBytes > (classes.get(key)?.tensorBytes ?? -1)) {
      classes.set(key, { step, tensorBytes, gathered, learning, learned, isLate });
    }
  }
  return withoutLesser([...classes.values()]);
}

/** Without classes in which nothing is there that is not there, and as much of it, in another one. */
function withoutLesser(classes: readonly StepOfClass[]): StepOfClass[] {
  const kept: StepOfClass[] = [];
  for (const [row, one] of classes.entries()) {
    const isLess = kept.some((other) => hasAllOf(other, one)) || classes.slice(row + 1).some((other) => hasAllOf(other, one));
    if (!isLess) kept.push(one);
  }
  return kept;
}

function hasAllOf(more: StepOfClass, less: StepOfClass): boolean {
  return (
    more.tensorBytes >= less.tensorBytes &&
    (more.isLate || !less.isLate) &&
    less.gathered.every((row) => more.gathered.includes(row)) &&
    less.learning.every((row) => more.learning.includes(row)) &&
    less.learned.every((row) => more.learned.includes(row))
  );
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
