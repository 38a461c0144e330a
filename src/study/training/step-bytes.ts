import { besideProgram, movedBytesOf, type PodPlan, totalBytes } from '../../emulate/index.ts';
import type { Program } from '../../program/index.ts';
import type { StepBytes } from './history.ts';

/** What cores sent one another in the step that has just run, beside what the program of that step and the layout say. */
export function stepBytes(plan: PodPlan, buffer: ArrayBufferLike, program: Program): StepBytes {
  const rows: Record<string, Record<string, { counted: number; predicted: number }>> = {};
  const rowOf = (collective: string, axis: string): { counted: number; predicted: number } => {
    rows[collective] ??= {};
    rows[collective][axis] ??= { counted: 0, predicted: 0 };
    return rows[collective][axis];
  };
  for (const moved of movedBytesOf(plan, buffer)) {
    const bytes = totalBytes(moved);
    if (bytes > 0) rowOf(moved.kind, plainAxis(plan, moved.axis)).counted += bytes;
  }
  const { collectives, plans, tasks } = program;
  for (const { kind, meshAxis, plan: row, task } of collectives) {
    const bytes = plans[row].sentBytesPerDevice * devicesOf(program, tasks.deviceSet[task]);
    if (bytes > 0) rowOf(kind, plainAxis(plan, meshAxis)).predicted += bytes;
  }
  for (const { kind, axis, bytes } of besideProgram(plan)) rowOf(kind, plainAxis(plan, axis)).predicted += bytes;
  return rows;
}

/** With one slice an axis within it is the axis. */
function plainAxis({ request }: PodPlan, axis: string): string {
  return request.layout.dcn.data * request.layout.dcn.expert === 1 ? axis.replace(' (slice)', '') : axis;
}

/** Those that run a task: of a pipeline the ones of its stages. */
function devicesOf({ deviceSets, devices }: Program, set: number): number {
  return set < 0 ? devices : deviceSets[set].reduce((count, member) => count + member, 0);
}
