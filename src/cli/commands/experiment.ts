import type { CommandEntry } from '../command.ts';
import { threadCount } from '../number-option.ts';
import type { ExperimentOptions } from '../run-experiment.ts';

const EXAMPLES = `
Writes experiment.json and index.html into reports/<name>, and the runs below it. Called again, it goes on where it was stopped.

Examples:
  switchyard experiment scenarios/experiments/top1-against-top2.yaml
  switchyard experiment scenarios/experiments/router-precision.yaml --json > router-precision.json`;

export const experiment: CommandEntry = {
  summary: 'variants that learn from several seeds: intervals, and whether claims are seen',
  declare: (command, act) => {
    command
      .argument('<file>', 'scenario with an experiment section, YAML or JSON')
      .option('--out <folder>', 'where to write, and to go on from (default reports/<name>)')
      .option('--threads <n>', 'threads that run kernels (default one per core, at most four per core)', threadCount)
      .option('--kernels <path>', 'how kernels run, e.g. wasm-simd128 or tiled (default the fastest of this machine)')
      .option('--restart', 'begin anew, whatever the folder holds')
      .addHelpText('after', EXAMPLES)
      .action(
        act(async (context, common, file: string, options: ExperimentOptions) => {
          const { runExperiment } = await import('../run-experiment.ts');
          return runExperiment(context, common, file, options);
        }),
      );
  },
};
