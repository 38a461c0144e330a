import { closeSync, openSync, readSync } from 'node:fs';
import type { Issue } from '../base/index.ts';
import { cannotRead, whyUnreadable } from './read-text.ts';

const PIECE_BYTES = 2 ** 20;
/** No line of ours is longer: a row of a pod's traffic has some 10,000 numbers. */
const LONGEST_LINE = 2 ** 24;
const [NEWLINE, RETURN] = [10, 13];

/** Bytes `from` up to `to` are one line without its end; lines count from 1. False stops the reading. */
export type VisitLine = (bytes: Uint8Array, from: number, to: number, line: number) => boolean;

/** Visits the lines of a file that is too large to be one text. Answers with the issue that says why it cannot be read, or null. */
export function forEachLine(file: string, limitBytes: number, path: string, visit: VisitLine): Issue | null {
  let handle = -1;
  try {
    const issue = whyUnreadable(file, limitBytes, path);
    if (issue !== null) return issue;
    handle = openSync(file, 'r');
    return visitAll(handle, visit) ? null : longLine(file, path);
  } catch (error) {
    // What the system says has a code; anything else is a fault of the visitor.
    if (!(error instanceof Error && 'code' in error)) throw error;
    return cannotRead(file, path, error);
  } finally {
    if (handle >= 0) closeSync(handle);
  }
}

function longLine(file: string, path: string): Issue {
  const rule = `lines of at most ${LONGEST_LINE / 2 ** 20} MiB are read`;
  return { code: 'E_FILE_SIZE', path, value: `${file}: a longer line`, rule, remedy: 'pass the right file: text in lines' };
}

/** False when a line is longer than any may be. */
function visitAll(handle: number, visit: VisitLine): boolean {
  let buffer = new Uint8Array(2 * PIECE_BYTES);
  let kept = 0;
  let line = 0;
  for (;;) {
    if (buffer.length - kept < PIECE_BYTES) {
      if (kept > LONGEST_LINE) return false;
      const larger = new Uint8Array(2 * buffer.length);
      larger.set(buffer.subarray(0, kept));
      buffer = larger;
    }
    const read = readSync(handle, buffer, kept, PIECE_BYTES, null);
    const end = kept + read;
    if (read === 0) {
      if (end > 0) visit(buffer, 0, withoutReturn(buffer, 0, end), ++line);
      return true;
    }
    let start = 0;
    for (let at = buffer.indexOf(NEWLINE, kept); at >= 0 && at < end; at = buffer.indexOf(NEWLINE, start)) {
      if (!visit(buffer, start, withoutReturn(buffer, start, at), ++line)) return true;
      start = at + 1;
    }
    buffer.copyWithin(0, start, end);
    kept = end - start;
  }
}

function withoutReturn(bytes: Uint8Array, from: number, to: number): number {
  return to > from && bytes[to - 1] === RETURN ? to - 1 : to;
}
