import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
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
    throw cannotWrite(file, error);
  }
}

/** Makes a folder for output and tries it, so that a run of minutes does not end in a refusal. */
export function prepareFolder(folder: string): void {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw cannotWrite(folder, error);
  }
}

/** Level by level: Node's own recursion never ends where a level cannot be made, as below /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}

function cannotWrite(file: string, error: unknown): InputError {
  const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const remedy = 'choose another folder by --out, or check its permissions';
  return new InputError([{ code: 'E_OUTPUT', path: '', value: file, rule: `cannot be written (${reason})`, remedy }]);
}
