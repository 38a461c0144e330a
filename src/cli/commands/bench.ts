import { Argument, Option } from 'commander';
import { BENCHMARK_NAMES, type BenchmarkName } from '../benchmark.ts';
import type { CommandEntry } from '../command.ts';
import { wholeNumber } from '../number-option.ts';

const EXAMPLES = `
One thread measures every case once per round, all cases in turn; the best round counts, because other work on the machine can only make
a round slower, and the median says how noisy the machine is. Ends with exit code 0 however long it takes.

Examples:
  switchyard bench routing                        softmax and assignment of every router
  switchyard bench routing --rounds 15 --json > routing.json`;

export const bench: CommandEntry = {
  summary: 'measure how fast this machine runs the parts of an emulation',
  declare: (command, act) => {
    command
      .addArgument(new Argument('<what>', 'what to measure').choices(BENCHMARK_NAMES))
      .addOption(new Option('--rounds <n>', 'how often every case is measured').default(5).argParser(wholeNumber(1, 1000)))
      .addHelpText('after', EXAMPLES)
      .action(
        act(async (context, common, what: BenchmarkName, options: { rounds: number }) => {
          const { runBenchmark } = await import('../run-benchmark.ts');
          return runBenchmark(context, common, what, options);
        }),
      );
  },
};
