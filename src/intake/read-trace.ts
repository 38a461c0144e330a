import type { Issue } from '../base/index.ts';
import type { TraceRecords } from '../scenario/index.ts';
import { readBytes, SIZE_LIMITS } from './read-text.ts';
import { parseTraceCsv } from './trace-csv.ts';
import { isNpy, parseTraceNpy } from './trace-npy.ts';
import { isParquet, parseTraceParquet } from './trace-parquet.ts';

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
  return parseTraceCsv(file, new TextDecoder().decode(bytes));
}
