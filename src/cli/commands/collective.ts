import { type Command, Option } from 'commander';
import { InputError, type Issue } from '../../base/index.ts';
import type { CollectiveOptions } from '../collective-options.ts';
import type { CommandEntry } from '../command.ts';

const EXAMPLES = `
One operation alone on the wires: its time, the bound that no algorithm passes, and the bytes of every directed link.
Bytes are what one device holds before the operation, for all-gather what it has after it, for broadcast what the root
has (nccl-tests). A topology is a slice (tpu-v4:4x4x8, v5p-128, a file of topologies/) or a bare grid
(torus:16x16x16, mesh:8x8, ring:64, line:8) with the links of TPU v5p.
--traffic is a CSV file of as many rows and columns as a group has members, row = sender, without header. Entries are
bytes; with --bytes they are shares, scaled so that the mean row is that many.
Links are named by their two chips, by number or by coordinates: 0-1, or 0,0,0-1,0,0.
Writes result.json (every link) and index.html into reports/collective-<op>-<topology>; --no-page writes nothing
without --out, and result.json alone with it.

Examples:
  switchyard collective --topology tpu-v4:4x4x8 --op all-to-all --bytes 64MiB
  switchyard collective --topology tpu-v4:4x4x8 --twisted --op all-to-all --bytes 64MiB --json
  switchyard collective --topology ring:8 --op all-reduce --bytes 1GiB --network hop --chunk 1MiB
  switchyard collective --topology tpu-v5e:16x16 --op all-gather --bytes 256MiB --axes x
  switchyard collective --topology tpu-v4:4x4x4 --op all-reduce --bytes 1GiB --break-link 0-1 --slow-link 2-3:2
  switchyard collective --topology torus:4x4 --op all-to-all --traffic traffic.csv --routing balanced`;

/** Repeats of an option become a list. */
const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

export const collective: CommandEntry = {
  summary: 'time one collective over a slice or a bare grid, against the bound of its wires',
  declare: (command, act) => {
    command
      .option('--topology <name>', 'slice or bare grid')
      .option('--op <name>', 'operation; see switchyard list collectives')
      .option('--bytes <size>', 'bytes of one device: 64MiB, 64MB, 67108864')
      .addOption(new Option('--network <model>', 'how bytes share links: ideal, fluid or hop').default('fluid'))
      .option('--twisted', 'the twisted torus of these sides')
      .addOption(new Option('--wrap <how>', 'wrap-around instead of that of the generation').choices(['open', 'closed']))
      .option('--slices <n>', 'so many slices, joined by their hosts')
      .option('--routing <how>', 'dimension-ordered, all-orders or balanced (all-to-all, permute)')
      .option('--traffic <file>', 'who sends how many bytes to whom (all-to-all)')
      .option('--axes <letters>', 'one group per line or plane along these dimensions: x or x,y')
      .option('--root <n>', 'member that has the data (broadcast; default 0)')
      .option('--shift <n>', 'each sends to the member so many places on (permute; default 1)')
      .option('--link-bandwidth <rate>', 'of one direction of a link: 50GiB/s, 400Gbit/s')
      .option('--hop-latency <time>', 'of one hop: 500ns')
      .addOption(new Option('--chunk <size>', 'what hop sends at once, at most').default('64KiB'))
      .option('--break-link <a-b>', 'a wire that is out of order; may be repeated', collect)
      .option('--slow-link <a-b:factor>', 'a wire that is so many times slower; may be repeated', collect)
      .option('--out <folder>', 'where to write (default reports/collective-<op>-<topology>)')
      .option('--no-page', 'write no page, and nothing at all without --out')
      .addHelpText('after', EXAMPLES)
      .allowExcessArguments(true)
      .action(
        act(async (context, common, options: CollectiveOptions, { args }: Command) => {
          if (args.length > 0) throw new InputError([bareWord(args[0])]);
          const { collectiveCommand } = await import('../collective-command.ts');
          return collectiveCommand(context, common, options);
        }),
      );
  },
};

/** The operation is an option, because all that stands beside it is. */
function bareWord(word: string): Issue {
  const rule = 'everything is said by options, the operation too';
  return { code: 'E_USAGE', path: '', value: JSON.stringify(word), rule, remedy: `write --op ${word} if that is the operation` };
}
