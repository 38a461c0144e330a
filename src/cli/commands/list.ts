import { Argument } from 'commander';
import type { CommandEntry } from '../command.ts';
import { LISTING_KINDS } from '../listing-kinds.ts';

const EXAMPLES = `
Examples:
  switchyard list                 what can be listed
  switchyard list routers
  switchyard list codes --json`;

export const list: CommandEntry = {
  summary: `list what can be chosen: ${LISTING_KINDS.slice(0, 5).join(', ')} ...`,
  declare: (command, act) => {
    command
      .addArgument(new Argument('[kind]', 'what to list').choices(LISTING_KINDS))
      .addHelpText('after', EXAMPLES)
      .action(
        act(async (context, common, kind: string | undefined) => {
          const { printListing } = await import('../print-listing.ts');
          return printListing(context, common, kind);
        }),
      );
  },
};
