import type { Bytes } from '../base/index.ts';
import type { Tensor } from '../program/index.ts';
import type { LabelledBytes, PassMemory, StepClass } from './unit-memory.ts';

export interface StepRange {
  readonly first: number;
  readonly last: number;
}

export interface TensorRange extends StepRange {
  readonly tensor: Tensor;
  /** It is there before the first step. */
  readonly isGiven: boolean;
}

/** A pass of a unit: what is there during which of its steps. */
export interface PassRanges {
  readonly steps: number;
  readonly tensors: readonly TensorRange[];
  /** By weight group: steps that multiply with it, and that make parts of its gradient; and the order of first uses. */
  readonly uses: readonly StepRange[];
  readonly gradients: readonly StepRange[];
  readonly order: readonly number[];
  /** Bytes of the shard of each own group's gradient, at most. */
  readonly scattered: readonly Bytes[];
}

export function passClasses(ranges: PassRanges, byLabel: (tensors: readonly Tensor[]) => LabelledBytes): PassMemory {
  const { order, uses, gradients, scattered } = ranges;
  const known = new Map<number, LabelledBytes>();
  const finished = ({ at, ...one }: ClassAt): StepClass => {
    const tensors = known.get(at) ?? byLabel(tensorsAt(ranges, at));
    known.set(at, tensors);
    return { tensors, ...one };
  };
  const between = (at: number, isAhead: boolean, what: Partial<StepClass>): ClassAt => ({ ...classAt(ranges, at, isAhead), ...what });
  const steps = { inTime: classesOf(ranges, false), ahead: classesOf(ranges, true) };
  const scatters = (isAhead: boolean): StepClass[] => {
    const ofSteps = isAhead ? steps.ahead : steps.inTime;
    const own = scattered.flatMap((most, row): ClassAt[] => {
      const { last: step } = gradients[row];
      if (step < 0) return [];
      const one = between(step + 0.5, isAhead, { scattering: row });
      const whole = { ...one, learning: [...one.learning, row], learned: one.learned.filter((other) => other !== row) };
      return ofSteps.some((other) => hasAllOf(other, { ...whole, tensorBytes: whole.tensorBytes + most })) ? [] : [whole];
    });
    return own.map(finished);
  };
  const arrivals = (isAhead: boolean): StepClass[] => {
    const own = order.flatMap((row, place): ClassAt[] => {
      if (isAhead && place === 0) return [];
      return [between(uses[isAhead ? order[place - 1] : row].first - 0.5, isAhead, { arriving: row, isLate: false })];
    });
    const last = order.length > 0 && isAhead ? [between(uses[order[order.length - 1]].first - 0.5, true, { isLate: true })] : [];
    return [...own, ...last].map(finished);
  };
  return {
    order,
    inTime: steps.inTime.map(finished),
    ahead: steps.ahead.map(finished),
    scatters: { inTime: scatters(false), ahead: scatters(true) },
    arrivals: { inTime: arrivals(false), ahead: arrivals(true) },
  };
}

/** During a step, or at half of one between it and the next. */
function tensorsAt({ tensors }: PassRanges, at: number): Tensor[] {
  return tensors.filter(({ first, last, isGiven }) => (isGiven || first <= at) && at <= last).map(({ tensor }) => tensor);
}

/** A class before its tensors are counted by label; between two steps it is at half of one. */
interface ClassAt extends Omit<StepClass, 'tensors'> {
  readonly at: number;
}

function classAt(ranges: PassRanges, at: number, isAhead: boolean): ClassAt {
  const { uses, gradients, order } = ranges;
  const lastUse = order.length === 0 ? 0 : uses[order[order.length - 1]].first;
  const begin = (place: number): number => (!isAhead ? uses[order[place]].first : place === 0 ? 0 : uses[order[place - 1]].first);
  const rows = Array.from(gradients.keys());
  return {
    at,
    tensorBytes: tensorsAt(ranges, at).reduce((sum, { bytes }) => sum + bytes, 0),
    gathered: order.filter((row, place) => (begin(place) <= at || (isAhead && place === 0)) && at <= uses[row].last),
    learning: rows.filter((row) => gradients[row].first >= 0 && gradients[row].first <= at && at <= gradients[row].last),
    learned: rows.filter((row) => gradients[row].first >= 0 && gradients[row].last < at),
    isLate: at >= lastUse,
    arriving: -1,
    scattering: -1,
  };
}

function classesOf(ranges: PassRanges, isAhead: boolean): ClassAt[] {
  const classes = new Map<string, ClassAt>();
  for (let step = 0; step < ranges.steps; step++) {
    const one = classAt(ranges, step, isAhead);
    const key = `${one.gathered.join()} ${one.learning.join()} ${one.learned.join()} ${one.isLate}`;
    if (one.tensorBytes > (classes.get(key)?.tensorBytes ?? -1)) classes.set(key, one);
  }
  return withoutLesser([...classes.values()]);
}

/** Without classes in which nothing is there that is not there, and as much of it, in another one. */
function withoutLesser(classes: readonly ClassAt[]): ClassAt[] {
  const kept: ClassAt[] = [];
  for (const [row, one] of classes.entries()) {
    const isLess = kept.some((other) => hasAllOf(other, one)) || classes.slice(row + 1).some((other) => hasAllOf(other, one));
    if (!isLess) kept.push(one);
  }
  return kept;
}

function hasAllOf(more: ClassAt, less: ClassAt): boolean {
  return (
    more.tensorBytes >= less.tensorBytes &&
    (more.isLate || !less.isLate) &&
    less.gathered.every((row) => more.gathered.includes(row)) &&
    less.learning.every((row) => more.learning.includes(row)) &&
    less.learned.every((row) => more.learned.includes(row))
  );
}
