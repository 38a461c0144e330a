import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { InputError } from '../base/index.ts';

/** Writes beside the target and renames, so that nobody ever sees half a file. Makes the folder. */
export function writeAtomic(file: string, data: string | Uint8Array): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(temporary, data);
    renameSync(temporary, file);
  } catch (error) {
    if (existsSync(temporary)) rmSync(temporary);
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new InputError([
      {
        code: 'E_FILE',
        path: '',
        value: file,
        rule: `cannot be written (${reason})`,
        remedy: 'choose another folder by --out, or check its permissions',
      },
    ]);
  }
}
