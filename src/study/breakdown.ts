import { toSeconds } from '../base/index.ts';
import type { Trace } from '../engine/index.ts';
import { type Program, STAGES } from '../program/index.ts';
import type { BreakdownRow } from '../result/index.ts';
import { stretches } from './spans.ts';

/** Where the step of one device goes: seconds by part, kind and stage; the rows add up to the step. Largest first. */
export function stepBreakdown(program: Program, trace: Trace, device = 0): BreakdownRow[] {
  const rows = new Map<string, { part: string; kind: BreakdownRow['kind']; secondsByStage: number[] }>();
  for (const { kind, task, start, end } of stretches(program, trace, device)) {
    const part = program.names[program.tasks.part[task]];
    const key = `${kind} ${part}`;
    const row = rows.get(key) ?? { part, kind, secondsByStage: STAGES.map(() => 0) };
    row.secondsByStage[program.tasks.stage[task]] += toSeconds(end - start);
    rows.set(key, row);
  }
  const total = (row: BreakdownRow): number => row.secondsByStage.reduce((sum, seconds) => sum + seconds, 0);
  return [...rows.values()].sort((a, b) => total(b) - total(a));
}
