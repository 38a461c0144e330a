import { accessSync, constants, existsSync, mkdirSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { InputError } from '../base/index.ts';

/** Writes beside the target and renames, so that nobody ever sees half a file. Makes the folder. */
export function writeAtomic(file: string, data: string | Uint8Array): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    makeFolder(dirname(file));
    writeFileSync(temporary, data);
    renameSync(temporary, file);
  } catch (error) {
    if (existsSync(temporary)) rmSync(temporary);
    throw cannotWrite(file, reasonOf(error));
  }
}

/**
 * Does work whose results go into `files` of a folder. The folder is made and tried before, so that a run of minutes does not end in a
 * refusal; when the work fails or is interrupted, folders that were made for it and are still empty go again.
 */
export async function withOutputFolder<Answer>(folder: string, files: readonly string[], work: () => Promise<Answer>): Promise<Answer> {
  const made: string[] = [];
  try {
    prepare(folder, files, made);
    return await work();
  } catch (error) {
    removeEmpty(made);
    throw error;
  }
}

function prepare(folder: string, files: readonly string[], made: string[]): void {
  try {
    makeFolder(folder, made);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw cannotWrite(folder, reasonOf(error));
  }
  if (!statSync(folder).isDirectory()) throw cannotWrite(folder, 'it is not a folder');
  for (const file of files.map((name) => join(folder, name))) {
    if (existsSync(file) && statSync(file).isDirectory()) throw cannotWrite(file, 'it is a folder');
  }
}

/** Level by level: Node's own recursion never ends where a level cannot be made, as below /proc. */
function makeFolder(folder: string, made: string[] = []): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder), made);
  mkdirSync(folder);
  made.push(folder);
}

function removeEmpty(made: readonly string[]): void {
  for (const folder of [...made].reverse()) {
    try {
      rmdirSync(folder);
    } catch {
      // It holds something by now, and so do those above it.
      return;
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function cannotWrite(file: string, reason: string): InputError {
  const remedy = 'choose another folder by --out, or check its permissions';
  return new InputError([{ code: 'E_OUTPUT', path: '', value: file, rule: `cannot be written (${reason})`, remedy }]);
}
