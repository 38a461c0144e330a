import { EXIT, type ExitCode } from '../base/index.ts';
import { chooseKernelPath } from '../cluster/index.ts';
import type { BenchmarkAnswer, BenchmarkName } from './benchmark.ts';
import { BENCHMARKS } from './benchmarks/index.ts';
import type { CommandContext, CommonOptions } from './command.ts';
import type { Painter } from './io.ts';
import { type Machine, machineLines, machineOf } from './machine.ts';
import { createProgress } from './progress.ts';
import { alignedTable, wrapText } from './table.ts';

export interface BenchmarkOptions {
  readonly rounds?: number;
  readonly case?: string;
  readonly kernels?: string;
  readonly quick?: boolean;
}

/** Measures and prints. A slow machine is no failure; a number that cannot be is one. */
export async function runBenchmark(
  { io, signal }: CommandContext,
  { json, quiet }: CommonOptions,
  name: BenchmarkName,
  { rounds: wanted, case: onlyCase, kernels, quick = false }: BenchmarkOptions,
): Promise<ExitCode> {
  const clock = () => performance.now();
  const progress = createProgress(io, quiet, clock);
  try {
    const { run, usesKernels, rounds: usual } = BENCHMARKS[name];
    const rounds = wanted ?? usual;
    const path = usesKernels ? chooseKernelPath({ kernels }) : null;
    const answer = await run({
      rounds,
      path,
      onlyPath: kernels,
      onlyCase,
      quick,
      clock,
      onProgress: progress.update,
      signal,
      env: io.env,
    });
    progress.end();
    const machine = machineOf(path?.name ?? null);
    const { fields, errors } = answer;
    io.out(json ? `${JSON.stringify({ machine, rounds, ...fields }, null, 2)}\n` : benchmarkText(machine, rounds, answer, io.paint));
    return errors.length === 0 ? EXIT.done : EXIT.checkFailed;
  } finally {
    progress.end();
  }
}

const WIDTH = 80;

export function benchmarkText(machine: Machine, rounds: number, { tables, notes, errors }: BenchmarkAnswer, paint: Painter): string {
  const blocks = [
    [...machineLines(machine), rounds === 1 ? '1 round' : `${rounds} rounds`].flatMap((line) => wrapText(line, WIDTH)),
    ...tables.map(({ title, rows, right }) => [...(title === '' ? [] : wrapText(title, WIDTH)), ...alignedTable(rows, right)]),
    notes.flatMap((note) => wrapText(note, WIDTH)),
    errors.flatMap((error) => wrapText(`error: ${error}`, WIDTH)).map((line) => paint('red', line)),
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}
