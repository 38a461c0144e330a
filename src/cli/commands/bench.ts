import { Argument, Option } from 'commander';
import { BENCHMARK_NAMES, type BenchmarkName } from '../benchmark.ts';
import type { CommandEntry } from '../command.ts';
import { wholeNumber } from '../number-option.ts';
import type { BenchmarkOptions } from '../run-benchmark.ts';

const EXAMPLES = `
Every case is measured once per round, all cases in turn; the best round counts, because other work on
the machine can only make a round slower, and the median says how noisy the machine is.

routing: softmax and assignment of every router, on one thread.
kernels: matrix products, a whole Switch layer and small items on every kernel path of this machine, on
one thread and on two, beside what its arithmetic units can do at most, measured in the same rounds.
NumPy runs the same layer where /usr/bin/python3 has it with OpenBLAS, and a C compiler gives the limits
of wider units. Takes about three minutes.
engine: the event queue, collectives and fair rates on a pod, a whole step on 9,216 chips, every case in a
process of its own for its memory, and the answers of other simulators. Seconds are processor time. Takes
about five minutes.
analytic: layouts of five models on slices of six generations in closed form, per second of one core. Takes
about half a minute.
pod: training steps of a small model on 1, 32 and 64 emulated cores, on all threads, and what a step takes
beside its kernels. Takes about a minute.

The exit code is 0 however long it takes, and 1 where a number cannot be: a kernel above the limit of its
units, a limit of WebAssembly below 90 % of that of C, a result below the bound of the wires, two ways of
simulating that disagree, or terms of a step that do not add up to it.

Examples:
  switchyard bench routing --rounds 15 --json > routing.json
  switchyard bench kernels                        all paths
  switchyard bench kernels --quick                a few shapes, less than a minute
  switchyard bench kernels --kernels wasm-simd128
  switchyard bench engine --json > engine.json
  switchyard bench engine --case step-events
  switchyard bench analytic --json > analytic.json
  switchyard bench pod --kernels wasm-simd128`;

export const bench: CommandEntry = {
  summary: 'measure how fast this machine runs the parts of an emulation and of a simulation',
  declare: (command, act) => {
    command
      .addArgument(new Argument('<what>', 'what to measure').choices(BENCHMARK_NAMES))
      .addOption(new Option('--rounds <n>', 'how often every case is measured (default 5, engine 3)').argParser(wholeNumber(1, 1000)))
      .option('--quick', 'kernels, pod: only a few cases')
      .option('--kernels <path>', 'only this kernel path')
      .option('--case <name>', 'engine: only this case, in this process')
      .addHelpText('after', EXAMPLES)
      .action(
        act(async (context, common, what: BenchmarkName, options: BenchmarkOptions) => {
          const { runBenchmark } = await import('../run-benchmark.ts');
          return runBenchmark(context, common, what, options);
        }),
      );
  },
};
