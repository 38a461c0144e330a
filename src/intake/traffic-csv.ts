import type { Issue } from '../base/index.ts';
import { forEachLine } from './file-lines.ts';
import { SIZE_LIMITS } from './read-text.ts';

/** [members, members] numbers, row = sender, or what is wrong with the file. */
export type TrafficFile =
  | { readonly traffic: Float64Array; readonly issues?: undefined }
  | { readonly issues: readonly Issue[]; readonly traffic?: undefined };

/** More than this many wrong lines add nothing to the message. */
const MAX_REPORTED = 5;
const [COMMA, POINT, SPACE, ZERO, NINE] = [44, 46, 32, 48, 57];
/** So many digits are exact in a double. */
const EXACT_DIGITS = 15;
const POWERS_OF_TEN = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, exponent) => Number(`1e${exponent}`));

/**
 * Reads a traffic matrix: as many lines as members, each with as many numbers, parted by commas, without header. The file is read line by line and
 * digits become numbers as they pass, because the matrix of a pod has tens of millions; `path` is the option that named the file.
 */
export function readTrafficCsv(file: string, members: number, path: string): TrafficFile {
  const traffic = new Float64Array(members * members);
  const issues: Issue[] = [];
  let row = 0;
  /** First of the empty lines that nothing has followed yet: those at the end of a file do no harm. */
  let empty = 0;
  const report = (fault: LineFault, line: number): void => {
    const { code, value, rule, remedy, column } = fault;
    issues.push({ code, path, value, rule, remedy, place: { file, line, column } });
  };
  const refused = forEachLine(file, SIZE_LIMITS.traffic, path, (bytes, from, to, line) => {
    const start = line === 1 ? afterMark(bytes, from) : from;
    if (isBlank(bytes, start, to)) {
      empty ||= line;
      return true;
    }
    if (empty > 0) report(EMPTY_LINE, empty);
    empty = 0;
    if (row < members) {
      const fault = readRow(bytes, start, to, traffic.subarray(row * members, (row + 1) * members), line === 1);
      if (fault !== null) report(fault, line);
    }
    row++;
    return issues.length < MAX_REPORTED && row <= members;
  });
  if (refused !== null) return { issues: [refused] };
  if (issues.length === 0 && row !== members) {
    const value = row > members ? `more than ${members} lines` : `${row} lines`;
    report(sizeFault(value, `must be ${members} lines, one per device of the group`, 1), Math.min(row, members) + 1);
  }
  return issues.length > 0 ? { issues } : { traffic };
}

interface LineFault {
  readonly code: 'E_TRAFFIC_SIZE' | 'E_TRAFFIC_VALUE';
  readonly value: string;
  readonly rule: string;
  readonly remedy: string;
  /** Counts from 1, in characters. */
  readonly column: number;
}

const EMPTY_LINE: LineFault = {
  code: 'E_TRAFFIC_VALUE',
  value: 'an empty line',
  rule: 'every line is one sender',
  remedy: 'remove the line, or write its numbers',
  column: 1,
};

/** Fills `numbers` from one line, or says what is wrong with it. */
function readRow(bytes: Uint8Array, from: number, to: number, numbers: Float64Array, isFirst: boolean): LineFault | null {
  let cells = 0;
  let at = from;
  while (at <= to) {
    const start = at;
    let value = 0;
    while (at < to && bytes[at] >= ZERO && bytes[at] <= NINE) value = value * 10 + (bytes[at++] - ZERO);
    let digits = at - start;
    if (digits > 0 && at < to && bytes[at] === POINT) {
      const point = at++;
      while (at < to && bytes[at] >= ZERO && bytes[at] <= NINE) value = value * 10 + (bytes[at++] - ZERO);
      digits = at - start - 1;
      // Both are exact, so that their quotient is rounded once, as any correct reader rounds.
      if (digits <= EXACT_DIGITS) value /= POWERS_OF_TEN[at - point - 1];
    }
    if (digits === 0 || digits > EXACT_DIGITS || (at < to && bytes[at] !== COMMA)) {
      while (at < to && bytes[at] !== COMMA) at++;
      const text = textOf(bytes, start, at);
      value = numberOf(text);
      if (!(value >= 0)) return valueFault(text, start - from + 1, isFirst && cells === 0);
    }
    if (cells < numbers.length) numbers[cells] = value;
    cells++;
    at++;
  }
  if (cells === numbers.length) return null;
  return sizeFault(`${cells} numbers`, `must be ${numbers.length} numbers, one per device of the group`, 1);
}

/** NaN for what is no finite number. */
function numberOf(text: string): number {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : Number.NaN;
}

function valueFault(text: string, column: number, couldBeHeader: boolean): LineFault {
  const isHeader = couldBeHeader && /[a-z_]/i.test(text);
  const shown = text.length <= 40 ? text : `${text.slice(0, 37)}...`;
  return {
    code: 'E_TRAFFIC_VALUE',
    value: text === '' ? 'an empty cell' : JSON.stringify(shown),
    rule: isHeader ? 'the first line is the first sender: there is no header' : 'must be a finite number of at least 0',
    remedy: isHeader ? 'remove the header, and a column of names' : 'write 0 where nothing is sent',
    column,
  };
}

function sizeFault(value: string, rule: string, column: number): LineFault {
  return { code: 'E_TRAFFIC_SIZE', value, rule, remedy: 'give one row and one column per device, in their order', column };
}

function isBlank(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] > SPACE) return false;
  return true;
}

/** Behind the byte-order mark that some programs begin a file with. */
function afterMark(bytes: Uint8Array, from: number): number {
  return bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf ? from + 3 : from;
}

function textOf(bytes: Uint8Array, from: number, to: number): string {
  return new TextDecoder().decode(bytes.subarray(from, Math.min(to, from + 200))).trim();
}
