import type { CommandEntry } from '../command.ts';
import { OPERATIONS } from '../operations/index.ts';

const EXAMPLES = `
Each operation has a help of its own.

Examples:
  switchyard op matmul --chip tpu-v6e --m 256 --k 2048 --n 768
  switchyard op matmul --help`;

export const op: CommandEntry = {
  summary: 'how long one operation takes on one device, and what bounds it',
  declare: (command, act) => {
    command.usage('<operation> [options]').addHelpText('after', EXAMPLES);
    for (const [name, entry] of Object.entries(OPERATIONS)) {
      entry.declare(command.command(name).description(entry.summary), act);
    }
  },
};
