import { Option } from 'commander';
import { WORKLOAD_KINDS } from '../../scenario/index.ts';
import type { CommandEntry } from '../command.ts';
import type { InspectOptions } from '../inspect-options.ts';
import { wholeNumber } from '../number-option.ts';

const EXAMPLES = `
Without a slice, the model alone: parameters, FLOPs of a token. With one, also who holds how much, what a step sends along each mesh
axis, what fills memory, where the time goes by the closed form, and how many FLOPs a device has for each byte that it moves. Nothing
is run. --layout is a name of switchyard list layouts, or sizes of mesh axes and keys of a layout; what is left of the devices goes to
the data axis unless that is said.

Examples:
  switchyard inspect --model switch-base
  switchyard inspect --model llama3.1-70b --topology tpu-v5p:4x4x4 --layout fsdp=16,tensor=4 --sequences 256 --length 8192
  switchyard inspect --model switch-xxl --topology v3-512 --layout expert-model-data:tensor=8
  switchyard inspect --hf scenarios/models/qwen3-30b-a3b.json --topology v6e-256 --layout fsdp=256 --sequences 512 --json
  switchyard inspect --maxtext scenarios/models/maxtext-run.yml ici_tensor_parallelism=1 ici_fsdp_parallelism=64
  switchyard inspect scenarios/switch-base-v3-32.yaml`;

export const inspect: CommandEntry = {
  summary: 'parameters, FLOPs, bytes and memory of a model and of a layout, without a run',
  declare: (command, act) => {
    command
      .argument('[words...]', 'a scenario file in the place of the options, or key=value beside --maxtext')
      .option('--model <name>', 'a known model, see switchyard list models')
      .option('--hf <file>', 'config.json of a model of Hugging Face')
      .option('--maxtext <file>', 'configuration of MaxText, YAML')
      .option('--topology <slice>', 'slice, e.g. tpu-v5p:4x4x4, v3-32, v5litepod-256*2 for two slices')
      .option('--layout <layout>', 'name of a layout, or e.g. fsdp=16,dcn.data=2,microbatches=4,overlap.weights=true')
      .addOption(new Option('--workload <kind>', 'what a step does (default train)').choices([...WORKLOAD_KINDS]))
      .option('--sequences <n>', 'sequences of a step, over all devices', wholeNumber(1, 2 ** 22))
      .option('--length <n>', 'tokens of a sequence', wholeNumber(1, 2 ** 20))
      .option('--target-length <n>', 'tokens of a sequence on the decoder side', wholeNumber(1, 2 ** 20))
      .option('--remat <policy>', 'what the backward pass makes again, e.g. full or minimal')
      .option('--teacher <name>', 'distil: the known model whose outputs are learned')
      .addHelpText('after', EXAMPLES)
      .action(
        act(async (context, common, words: string[], options: InspectOptions) => {
          const { inspectModel } = await import('../inspect-model.ts');
          return inspectModel(context, common, words, options);
        }),
      );
  },
};
