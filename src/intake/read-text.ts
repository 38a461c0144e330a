import { readFileSync, statSync } from 'node:fs';
import { InputError, type Issue } from '../base/index.ts';

const MEBIBYTE = 2 ** 20;

/** Largest sizes that are still read; see E_FILE_SIZE. */
export const SIZE_LIMITS = {
  scenario: MEBIBYTE,
  chip: MEBIBYTE,
  text: 256 * MEBIBYTE,
  trace: 256 * MEBIBYTE,
  traffic: 1024 * MEBIBYTE,
  result: 64 * MEBIBYTE,
} as const;

/** A file's text, or the issue that says why it cannot be read; `path` is the key that named the file. */
export function readText(file: string, limitBytes: number, path = ''): { readonly text: string } | { readonly issue: Issue } {
  const read = readBytes(file, limitBytes, path);
  return 'issue' in read ? read : { text: read.bytes.toString('utf8') };
}

/** As `readText`, of a file that need not be text. */
export function readBytes(file: string, limitBytes: number, path = ''): { readonly bytes: Buffer } | { readonly issue: Issue } {
  try {
    const issue = whyUnreadable(file, limitBytes, path);
    return issue === null ? { bytes: readFileSync(file) } : { issue };
  } catch (error) {
    return { issue: cannotRead(file, path, error) };
  }
}

/** Why something is no file, or one that is too large; null when it can be opened. Throws what the system says. */
export function whyUnreadable(file: string, limitBytes: number, path: string): Issue | null {
  const status = statSync(file);
  if (!status.isFile()) return fileIssue(file, path, 'is not a file', 'name a file');
  if (status.size <= limitBytes) return null;
  const rule = `at most ${limitBytes / MEBIBYTE} MiB of this kind of file are read`;
  const value = `${file}: ${(status.size / MEBIBYTE).toFixed(1)} MiB`;
  return { code: 'E_FILE_SIZE', path, value, rule, remedy: 'pass the right file, or a smaller one' };
}

/** The issue for what the system said when a file was looked at. */
export function cannotRead(file: string, path: string, error: unknown): Issue {
  const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const rule = reason === 'ENOENT' ? 'no such file' : `cannot be read (${reason})`;
  return fileIssue(file, path, rule, 'check the path and the permissions');
}

/** As `readText`, throwing the issue. */
export function readTextOrThrow(file: string, limitBytes: number): string {
  const read = readText(file, limitBytes);
  if ('issue' in read) throw new InputError([read.issue]);
  return read.text;
}

function fileIssue(file: string, path: string, rule: string, remedy: string): Issue {
  return { code: 'E_FILE', path, value: file, rule, remedy };
}
