import { InputError, unknownKey } from '../../base/index.ts';
import type { Benchmark, BenchmarkAnswer, BenchmarkRequest } from '../benchmark.ts';
import { measureInProcess } from './engine/case-process.ts';
import { engineCases } from './engine/cases.ts';
import { type EngineCase, type EngineRow, measureCase } from './engine/engine-case.ts';
import { engineTables, NOTES } from './engine/text.ts';

/**
 * How quick the engine and the models of the wires are, in processor time and memory: event queue, collectives on a pod, fair rates, a whole step;
 * and what other simulators need for the same work. Every case says what its result must satisfy, so a quick wrong answer is an error.
 */
export const engine: Benchmark = {
  rounds: 3,
  usesKernels: false,
  run: (request) => measureEngine(engineCases(), request),
};

/** As JSON, beside the machine and the number of rounds. */
export interface EngineFields {
  readonly cases: readonly EngineRow[];
  readonly errors: readonly string[];
}

export type EngineRequest = Pick<BenchmarkRequest, 'rounds' | 'onlyCase' | 'onProgress' | 'signal'>;

/** Measures a case in a process of its own; passed in, so that tests need no built command line. */
export type MeasureElsewhere = typeof measureInProcess;

export async function measureEngine(
  cases: readonly EngineCase[],
  { rounds, onlyCase, onProgress, signal }: EngineRequest,
  elsewhere: MeasureElsewhere = measureInProcess,
): Promise<BenchmarkAnswer<EngineFields>> {
  const rows: EngineRow[] = [];
  if (onlyCase !== undefined) rows.push(measureCase(caseNamed(cases, onlyCase), rounds));
  else {
    for (const [i, { name, title }] of cases.entries()) {
      onProgress(title, i, cases.length);
      rows.push(await elsewhere(name, rounds, signal));
    }
  }
  const errors = rows.flatMap((row) => row.errors);
  return { fields: { cases: rows, errors }, tables: engineTables(rows), notes: NOTES, errors };
}

function caseNamed(cases: readonly EngineCase[], name: string): EngineCase {
  const found = cases.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new InputError([
    unknownKey(
      'E_USAGE',
      '--case',
      name,
      cases.map((one) => one.name),
    ),
  ]);
}
