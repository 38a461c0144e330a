import { Option } from 'commander';
import type { CommandEntry } from '../command.ts';
import type { MatmulWords } from '../matmul-options.ts';

const EXAMPLES = `
[m, k] x [k, n], operands in HBM, on one device: a core of v2, v3 and v7, else a chip. The time is that of the chip's
curve over size, which is fitted to open micro-benchmarks or borrowed (switchyard validate --microbench). f32 is multiplied
in bf16, as XLA does by default. The table shows how utilisation falls for few rows.

Examples:
  switchyard op matmul --chip tpu-v6e --m 256 --k 2048 --n 768
  switchyard op matmul --chip tpu-v5e --m 8 --k 8192 --n 8192 --dtype int8
  switchyard op matmul --chip tpu-v3 --m 128 --k 768 --n 2048 --batch 4 --dataflow os --json`;

/** A batch of matrix products (copy this one to add an operation). */
export const matmul: CommandEntry = {
  summary: 'a batch of matrix products [m, k] x [k, n]',
  declare: (command, act) => {
    command
      .option('--chip <name>', 'chip generation; see switchyard list chips')
      .option('--m <rows>', 'rows of the left-hand side')
      .option('--k <n>', 'columns of the left-hand side, rows of the right')
      .option('--n <columns>', 'columns of the right-hand side')
      .option('--batch <n>', 'equal products', '1')
      .addOption(new Option('--dtype <type>', 'of all three matrices').choices(['bf16', 'f32', 'int8']).default('bf16'))
      .addOption(new Option('--dataflow <how>', 'of cyclesUnbuffered only').choices(['ws', 'os']).default('ws'))
      .addHelpText('after', EXAMPLES)
      .action(
        act(async (context, common, words: MatmulWords) => {
          const [{ matmulOptions }, { runMatmul }] = await Promise.all([import('../matmul-options.ts'), import('../run-matmul.ts')]);
          return runMatmul(context, common, matmulOptions(words));
        }),
      );
  },
};
