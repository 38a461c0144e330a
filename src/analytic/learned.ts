import type { Seconds } from '../base/index.ts';
import type { GroupCost } from './weight-cost.ts';

/** Groups whose gradients are complete, in the order in which they were; structure of arrays. */
export interface Learned {
  /** [groups]: each, when its gradient may be used, and how much later in each further unit that the row stands for. */
  readonly groups: GroupCost[];
  readonly after: Seconds[];
  readonly step: Seconds[];
  /** [units]: the row behind the last group of each, and how many units it stands for, one after the other. */
  readonly ends: number[];
  readonly times: number[];
}

export function nothingLearned(): Learned {
  return { groups: [], after: [], step: [], ends: [], times: [] };
}

/** The first group of a unit. */
export function firstOf({ ends }: Learned, unit: number): number {
  return unit === 0 ? 0 : ends[unit - 1];
}

export function addLearned({ groups, after, step }: Learned, group: GroupCost, complete: Seconds): void {
  groups.push(group);
  after.push(complete);
  step.push(0);
}

export function endUnit({ groups, ends, times }: Learned): void {
  ends.push(groups.length);
  times.push(1);
}

/** Gradients of a matrix that both ends of a pipeline have: the sum over them is there `at` some time. The last stage has learned it first, and the first one last. */
export interface TiedSum {
  readonly at: Seconds;
  readonly isFirst: boolean;
}

export function delayLearned({ after }: Learned, { at, isFirst }: TiedSum): void {
  const row = isFirst ? 0 : after.length - 1;
  after[row] = Math.max(after[row], at);
}

/** `times` more units like the last one, whose gradients are complete as much later as the last one's are after those of the one before. */
export function repeatUnit(learned: Learned, times: number): void {
  const { groups, after, step, ends } = learned;
  const last = ends.length - 1;
  const [before, from, to] = [firstOf(learned, last - 1), firstOf(learned, last), ends[last]];
  for (let i = 0; i < to - from; i++) {
    const later = after[from + i] - after[before + i];
    groups.push(groups[from + i]);
    after.push(after[from + i] + later);
    step.push(later);
  }
  ends.push(groups.length);
  learned.times.push(times);
}
