import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { EngineFields } from '../engine.ts';
import type { EngineRow } from './engine-case.ts';

/** The built command line: `dist/` or `src/` lies beside `bin/`. */
const SWITCHYARD = fileURLToPath(new URL('../../../../bin/switchyard.js', import.meta.url));
/** Rows are short. */
const MOST_BYTES = 1 << 24;

/**
 * Measures one case in a process of its own, the same command with `--case`, so that its memory is its own and no case compiles code for another.
 * Rejects with the signal's reason, or with what the process said.
 */
export function measureInProcess(name: string, rounds: number, signal: AbortSignal): Promise<EngineRow> {
  const words = [...process.execArgv, SWITCHYARD, 'bench', 'engine', '--case', name, '--rounds', String(rounds), '--json', '--quiet'];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, words, { signal, maxBuffer: MOST_BYTES }, (error, stdout, stderr) => {
      const row = rowIn(stdout, name);
      if (row !== undefined) resolve(row);
      else
        reject(signal.aborted ? signal.reason : new Error(`the case ${name} failed: ${stderr.trim() || (error?.message ?? 'no answer')}`));
    });
  });
}

/** A case with errors ends with exit code 1 and has a row all the same. */
function rowIn(stdout: string, name: string): EngineRow | undefined {
  try {
    const { cases }: Partial<EngineFields> = JSON.parse(stdout);
    return cases?.find((row) => row.name === name);
  } catch {
    return undefined;
  }
}
