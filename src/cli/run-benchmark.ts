import { cpus } from 'node:os';
import { EXIT, type ExitCode } from '../base/index.ts';
import { chooseKernelPath } from '../cluster/index.ts';
import type { BenchmarkAnswer, BenchmarkName } from './benchmark.ts';
import { BENCHMARKS } from './benchmarks/index.ts';
import type { CommandContext, CommonOptions } from './command.ts';
import { createProgress } from './progress.ts';
import { alignedTable } from './table.ts';

/** What the numbers depend on beside the code. */
interface Machine {
  readonly processor: string;
  readonly processors: number;
  readonly platform: string;
  readonly node: string;
  readonly kernelPath: string;
}

/** Measures on this thread and prints. A slow machine is no failure. */
export async function runBenchmark(
  { io }: CommandContext,
  { json, quiet }: CommonOptions,
  name: BenchmarkName,
  { rounds }: { readonly rounds: number },
): Promise<ExitCode> {
  const clock = () => performance.now();
  const progress = createProgress(io, quiet, clock);
  try {
    const path = chooseKernelPath();
    const answer = BENCHMARKS[name].run({ rounds, path, clock, onProgress: progress.update });
    progress.end();
    const machine = machineOf(path.name);
    io.out(json ? `${JSON.stringify({ machine, rounds, cases: answer.cases }, null, 2)}\n` : benchmarkText(machine, rounds, answer));
    return EXIT.done;
  } finally {
    progress.end();
  }
}

function machineOf(kernelPath: string): Machine {
  const [first] = cpus();
  return {
    processor: first?.model.trim() ?? 'unknown',
    processors: cpus().length,
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    kernelPath,
  };
}

function benchmarkText(machine: Machine, rounds: number, { table, right, notes }: BenchmarkAnswer): string {
  const { processor, processors, platform, node, kernelPath } = machine;
  const about = [
    `${processor}, ${processors} processors`,
    `${platform}, Node ${node}, kernels ${kernelPath}, one thread, ${rounds} rounds`,
  ];
  return `${[...about, '', ...alignedTable(table, right), '', ...notes].join('\n')}\n`;
}
