import type { Bytes } from '../base/index.ts';
import type { ProgramBuilder } from './builder.ts';

/** What memory profiles call a tensor, and how large it is on one device. */
export interface LiveTensor {
  readonly label: string;
  readonly bytes: Bytes;
}

/** When something of a task happens: the task, and a counter that also runs within tasks of several steps. */
export interface Moment {
  readonly task: number;
  readonly step: number;
}

/** Which tensors are in device memory from which task to which, found out while tasks are appended. */
export interface LiveTensors {
  /** It is there at this moment: it begins to live, or goes on. */
  touch(key: string, tensor: LiveTensor, moment: Moment, deviceSet: number): void;
  /** It goes on to live until this moment, if it is there; whether it is. */
  extend(key: string, moment: Moment): boolean;
  /** Nobody reads it any more. What is made again under the same name is another one. */
  close(key: string): void;
  /** The task that made it; it must be there. */
  madeBy(key: string): number;
  /** Appends all buffers to the program. */
  finish(builder: ProgramBuilder): void;
}

interface Range extends LiveTensor {
  readonly deviceSet: number;
  readonly from: Moment;
  to: Moment;
}

export function createLiveTensors(): LiveTensors {
  const open = new Map<string, Range>();
  const closed: Range[] = [];
  return {
    touch(key, { label, bytes }, moment, deviceSet) {
      const range = open.get(key);
      if (range === undefined) open.set(key, { label, bytes, deviceSet, from: moment, to: moment });
      else if (moment.step > range.to.step) range.to = moment;
    },
    extend(key, moment) {
      const range = open.get(key);
      if (range !== undefined && moment.step > range.to.step) range.to = moment;
      return range !== undefined;
    },
    close(key) {
      const range = open.get(key);
      if (range !== undefined) closed.push(range);
      open.delete(key);
    },
    madeBy: (key) => open.get(key)?.from.task ?? -1,
    finish(builder) {
      const ranges = [...closed, ...open.values()];
      const meeting = new Map<string, Range[]>();
      for (const range of ranges) {
        const { from, to, deviceSet } = range;
        for (const task of new Set([from.task, to.task])) {
          const key = `${task} ${deviceSet}`;
          const met = meeting.get(key);
          if (met === undefined) meeting.set(key, [range]);
          else met.push(range);
        }
      }
      const bounds = new Map(ranges.map((range) => [range, { first: range.from.task, last: range.to.task }]));
      for (const [key, met] of meeting) if (met.length > 1) leaveOut(builder, met, Number.parseInt(key, 10), bounds);
      for (const [{ label, bytes, deviceSet }, { first, last }] of bounds) {
        if (first <= last) builder.buffer(label, bytes, first, last, deviceSet);
      }
    },
  };
}

/** Of tensors that one task makes or is the last to read, those that are not there at its fullest step are there behind it only, or before it. */
function leaveOut(
  builder: ProgramBuilder,
  met: readonly Range[],
  task: number,
  bounds: ReadonlyMap<Range, { first: number; last: number }>,
): void {
  const beginsBy = ({ from }: Range, step: number): boolean => from.task < task || from.step <= step;
  const lastsUntil = ({ to }: Range, step: number): boolean => to.task > task || step <= to.step;
  const bytesAt = (step: number): Bytes =>
    met.reduce((sum, range) => sum + (beginsBy(range, step) && lastsUntil(range, step) ? range.bytes : 0), 0);
  const steps = new Set(met.map(({ from, to }) => (from.task === task ? from.step : to.step)));
  if (steps.size === 1) return;
  const fullest = [...steps].reduce((most, step) => (bytesAt(step) > bytesAt(most) ? step : most));
  for (const range of met) {
    const bound = bounds.get(range);
    if (bound === undefined) continue;
    if (!beginsBy(range, fullest)) bound.first = builder.neighbour(task, range.deviceSet, 1);
    else if (!lastsUntil(range, fullest)) bound.last = builder.neighbour(task, range.deviceSet, -1);
  }
}
