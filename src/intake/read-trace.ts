import type { Issue } from '../base/index.ts';
import type { TraceRecords } from '../scenario/index.ts';
import { readBytes, SIZE_LIMITS } from './read-text.ts';
import { parseTraceCsv } from './trace-csv.ts';
import { isNpy, parseTraceNpy } from './trace-npy.ts';
import { isParquet, parseTraceParquet } from './trace-parquet.ts';
import { refused, traceIssue } from './trace-records.ts';

const FORMATS = 'must be a recording: CSV as UTF-8 text, NPY or Parquet, as its first bytes say';
/** Enough to see that a file is no text. */
const PROBED_BYTES = 512;

/** Recorded choices, and what is wrong with the file that they come from. */
export interface TraceFile {
  readonly records: TraceRecords;
  readonly issues: readonly Issue[];
}

/** Reads recorded choices in the format that the file's first bytes say, whatever its name; `path` is the key that named the file. */
export function readTrace(file: string, path: string): TraceFile {
  const read = readBytes(file, SIZE_LIMITS.trace, path);
  if ('issue' in read) return { records: { layer: [], token: [], expert: [] }, issues: [read.issue] };
  const { bytes } = read;
  if (isNpy(bytes)) return parseTraceNpy(file, bytes);
  if (isParquet(bytes)) return parseTraceParquet(file, bytes);
  const other = notText(file, bytes);
  if (other !== null) return refused(other);
  return parseTraceCsv(file, new TextDecoder().decode(bytes));
}

/** What no advice about lines would help, or null. */
function notText(file: string, bytes: Uint8Array): Issue | null {
  if (bytes.length === 0) return traceIssue(file, 'an empty file', FORMATS, 'record some choices, or copy the file again');
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return traceIssue(file, 'compressed by gzip', FORMATS, 'unpack it by gunzip');
  const isControl = (byte: number): boolean => byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d;
  if (!bytes.subarray(0, PROBED_BYTES).some(isControl)) return null;
  return traceIssue(file, 'binary data', FORMATS, 'write it again in one of these formats');
}
