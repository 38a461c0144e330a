import { join } from 'node:path';
import { EXIT, type ExitCode } from '../base/index.ts';
import { renderPage } from '../report/index.ts';
import type { CollectiveResult } from '../result/index.ts';
import { runCollective } from '../study/index.ts';
import { type CollectiveOptions, collectiveInput } from './collective-options.ts';
import { collectiveText } from './collective-text.ts';
import type { CommandContext, CommonOptions } from './command.ts';
import { hopNote } from './hop-note.ts';
import { createPause, withoutTurns } from './interrupt.ts';
import { COLLECTIVE_FILES } from './output-files.ts';
import { pageScript } from './page-script.ts';
import { warningLines } from './print-issues.ts';
import { packageVersion } from './version.ts';
import { withOutputFolder, writeAtomic } from './write-atomic.ts';

/** Times one collective, writes its links and its page, and says the rest. */
export async function collectiveCommand(
  { io, signal }: CommandContext,
  { json, quiet }: CommonOptions,
  options: CollectiveOptions,
): Promise<ExitCode> {
  const clock = (): number => performance.now() / 1000;
  const startedAt = clock();
  // A signal that came before work without turns is heard in a pause before it, or lost.
  const pause = createPause(signal);
  await pause();
  const input = withoutTurns(() => collectiveInput(options));
  const provenance = { version: packageVersion(), node: process.version, startedAt: new Date().toISOString() };
  const run = async (): Promise<CollectiveResult> => {
    await pause();
    const result = withoutTurns(() => runCollective(input, provenance, (events) => (quiet ? undefined : io.err(hopNote(events)))));
    // Its own time begins with reading what was asked for: a traffic matrix may be large.
    return { ...result, wallSeconds: clock() - startedAt };
  };
  const folder = options.out ?? join('reports', folderName(input.op, input.topology.name));
  const files = options.page ? Object.values(COLLECTIVE_FILES) : [COLLECTIVE_FILES.result];
  const writes = options.page || options.out !== undefined;
  const script = options.page ? pageScript() : null;
  const result = writes ? await withOutputFolder(folder, files, run) : await run();
  if (writes) writeAtomic(join(folder, COLLECTIVE_FILES.result), `${JSON.stringify(result)}\n`);
  const page = script === null ? null : join(folder, COLLECTIVE_FILES.page);
  if (page !== null && script !== null) writeAtomic(page, renderPage({ results: [], collectives: [result], script }));
  if (!quiet) io.err(warningLines(result.warnings, io.paint));
  io.out(json ? `${JSON.stringify(shortAnswer(result, page), null, 2)}\n` : collectiveText(result, page));
  return EXIT.done;
}

/** Without one row per link: those stand in result.json. */
function shortAnswer({ links, ...result }: CollectiveResult, linksPage: string | null) {
  return { ...result, links: { count: links.count }, linksPage };
}

/** `collective-all-to-all-tpu-v4-4x4x8-twisted`. */
function folderName(op: string, topology: string): string {
  return `collective-${op}-${topology}`.replace(/[^a-z0-9-]+/gi, '-').replace(/-+$/, '');
}
