import { EXIT, type ExitCode } from '../base/index.ts';
import { CATALOGUE } from './catalogue.ts';
import type { CommandContext, CommonOptions } from './command.ts';
import { LISTING_KINDS, type ListingKind } from './listing-kinds.ts';
import { alignedTable, cut } from './table.ts';

const WIDTH = 80;

/** Names and titles of one kind; without a kind, the kinds. */
export async function printListing({ io }: CommandContext, { json }: CommonOptions, kind: string | undefined): Promise<ExitCode> {
  if (kind === undefined) {
    const counts = LISTING_KINDS.map((known) => [known, `${CATALOGUE[known]().length} known`]);
    io.out(json ? `${JSON.stringify({ kinds: LISTING_KINDS }, null, 2)}\n` : `${alignedTable(counts).join('\n')}\n`);
    return EXIT.done;
  }
  const entries = CATALOGUE[kind as ListingKind]();
  if (json) {
    const rows = entries.map(({ name, title, facts }) => ({ name, title, ...Object.fromEntries(facts) }));
    io.out(`${JSON.stringify(rows, null, 2)}\n`);
  } else {
    for (const line of alignedTable(entries.map(({ name, title }) => [name, title]))) io.out(`${cut(line, WIDTH)}\n`);
  }
  return EXIT.done;
}
