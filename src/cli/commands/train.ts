import { Option } from 'commander';
import type { CommandEntry } from '../command.ts';
import { threadCount, wholeNumber } from '../number-option.ts';
import type { TrainOptions } from '../train-scenario.ts';

const EXAMPLES = `
Writes training.json, index.html and checkpoint.bin into reports/<name>-training. A run that was stopped goes on from its checkpoint
when it is called again, and ends as if it had never been stopped; more --steps make it longer.

Examples:
  switchyard train scenarios/tiny-switch-v3-32.yaml
  switchyard train scenarios/tiny-switch-v3-32.yaml --steps 20 --layout data=2,expert=4 --out /tmp/eight
  switchyard train scenarios/tiny-switch-v3-32.yaml --text my-notes.txt --restart
  switchyard train scenarios/tiny-switch-v3-32.yaml --dtype f32 --json > training.json`;

export const train: CommandEntry = {
  summary: 'teach the model of a scenario on its emulated pod: losses, drops, bytes, simulated time',
  declare: (command, act) => {
    command
      .argument('<file>', 'scenario with a learning section, YAML or JSON')
      .option('--steps <n>', 'steps instead of those of the scenario', wholeNumber(1, 2 ** 24 - 1))
      .addOption(new Option('--dtype <type>', 'activations and products instead of those of the scenario').choices(['f32', 'bf16']))
      .option('--layout <axes>', 'layout instead of that of the scenario, e.g. data=2,expert=4; the slice shrinks to the cores it needs')
      .option('--text <file...>', 'texts instead of those of the scenario: names of shipped ones, or files')
      .option('--seed <n>', 'seed instead of that of the scenario', wholeNumber(0, 2 ** 32 - 1))
      .option('--threads <n>', 'threads that run kernels (default one per core, at most four per core)', threadCount)
      .option('--kernels <path>', 'how kernels run, e.g. wasm-simd128 or tiled (default the fastest of this machine)')
      .option('--out <folder>', 'where to write, and to go on from (default reports/<name>-training)')
      .option('--restart', 'begin anew, whatever the folder holds')
      .option('--ignore-memory', 'run what would not fit into device memory all the same, and say so')
      .addHelpText('after', EXAMPLES)
      .action(
        act(async (context, common, file: string, options: TrainOptions) => {
          const { trainScenario } = await import('../train-scenario.ts');
          return trainScenario(context, common, file, options);
        }),
      );
  },
};
