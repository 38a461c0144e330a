import { closedForm } from '../analytic/index.ts';
import { type Seconds, toSeconds } from '../base/index.ts';
import type { Trace } from '../engine/index.ts';
import { type Chip, coreOf } from '../hardware/index.ts';
import { type LiveMemory, liveMemory, type Program, TaskKind } from '../program/index.ts';
import type { MemoryPart, MemoryProfile } from '../result/index.ts';
import type { Load, Scenario } from '../scenario/index.ts';
import { type LivePart, livePartsOf } from './memory-parts.ts';
import { type DeviceSpan, deviceSpans } from './spans.ts';

/** Parts that are told apart over the step; what is smaller is summed. */
const SHOWN_PARTS = 7;
const REST = 'everything else';

/** Live bytes of one device over the step: one point per task at which they change. */
export function memoryProfile(
  scenario: Scenario,
  chip: Chip,
  load: Load | null,
  program: Program,
  trace: Trace,
  device: number,
): MemoryProfile {
  const live = liveMemory(program);
  const parts = largestParts(livePartsOf(program, device));
  const points: { seconds: number; bytes: number }[] = [];
  const columns: number[][] = parts.map(() => []);
  const addPoint = (seconds: number, task: number): void => {
    points.push({ seconds, bytes: parts.reduce((sum, { bytes }) => sum + bytes[task], 0) });
    for (const [row, { bytes }] of parts.entries()) columns[row].push(bytes[task]);
  };
  for (const { task, at } of inOrder(program, deviceSpans(trace, device))) {
    if (parts.some(({ bytes }, row) => columns[row].at(-1) !== bytes[task])) addPoint(toSeconds(at), task);
  }
  addPoint(toSeconds(trace.step), program.tasks.count - 1);
  return {
    capacityBytes: coreOf(chip).hbmBytes,
    peakBytes: live.peakBytes,
    peakAtSeconds: peakTime(program, trace, live, device),
    closedFormBytes: closedForm(scenario, chip, load).memory.peakBytes,
    points,
    parts: parts.map(({ name }, row): MemoryPart => ({ name, bytes: columns[row] })),
    atPeak: live.atPeak,
  };
}

/** When the peak begins: on the device that is shown, or where it is not of the fullest stage of a pipeline, on the first one of that. */
function peakTime(program: Program, trace: Trace, { peakTask, deviceSet }: LiveMemory, shown: number): Seconds {
  const members = deviceSet < 0 ? null : program.deviceSets[deviceSet];
  const device = members === null || members[shown] === 1 ? shown : members.indexOf(1);
  const found = inOrder(program, deviceSpans(trace, device)).find(({ task }) => task === peakTask);
  return found === undefined ? 0 : toSeconds(found.at);
}

/**
 * When each task of a device begins, in the order of the program, in which buffers live: collectives and transfers that begin before the computation
 * in front of them, or after the one behind them, count as if at the same time as that one. So times never fall.
 */
function inOrder({ tasks }: Program, spans: readonly DeviceSpan[]): { readonly task: number; readonly at: number }[] {
  const latest = new Float64Array(spans.length);
  for (let row = spans.length - 1, next = Number.POSITIVE_INFINITY; row >= 0; row--) {
    if (tasks.kind[spans[row].task] === TaskKind.compute) next = spans[row].start;
    latest[row] = next;
  }
  let now = 0;
  return spans.map(({ task, start }, row) => {
    now = Math.max(now, Math.min(start, latest[row]));
    return { task, at: now };
  });
}

/** Those that are ever the largest, largest first, and all others as one. */
function largestParts(all: readonly LivePart[]): LivePart[] {
  const sorted = all.toSorted((a, b) => most(b.bytes) - most(a.bytes));
  const rest = sorted.slice(SHOWN_PARTS);
  if (rest.length < 2) return sorted;
  const bytes = rest[0].bytes.map((_, task) => rest.reduce((sum, part) => sum + part.bytes[task], 0));
  return [...sorted.slice(0, SHOWN_PARTS), { name: REST, bytes }];
}

function most(bytes: Float64Array): number {
  return bytes.reduce((largest, one) => Math.max(largest, one), 0);
}
