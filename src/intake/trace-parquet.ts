import { runInNewContext } from 'node:vm';
import * as zlib from 'node:zlib';
import { parquetHeader, readColumn } from 'hyparquet/src/column.js';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { parquetMetadata, parquetSchema } from 'hyparquet/src/metadata.js';
import type { ColumnChunk, Compressors, FileMetaData, RowGroup, SchemaElement } from 'hyparquet/src/types.js';
import type { TraceFile } from './read-trace.ts';
import { isIndex, MAX_CHOICES, noChoices, noRecords, refused, tooManyChoices, traceIssue } from './trace-records.ts';

/**
 * Recorded choices in Parquet: whole-numbered columns layer, token and expert, one row per choice, with the meaning and order of the CSV format. Other
 * columns are not read. The package's parts that read one column of one row group are called directly: its door is asynchronous, for files
 * that come over a network.
 */

const MAGIC = 'PAR1';
const COLUMNS = ['layer', 'token', 'expert'] as const;
type ColumnName = (typeof COLUMNS)[number];

/** Decoded columns of a recording of at most MAX_CHOICES rows; a larger one says something else than its number of rows. */
const MAX_COLUMN_BYTES = 16 * MAX_CHOICES;

/** Sound files of the largest size take a small part of this. */
const MOST_MILLISECONDS = 60_000;

export function isParquet(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC.length && String.fromCharCode(...bytes.subarray(0, MAGIC.length)) === MAGIC;
}

export function parseTraceParquet(file: string, bytes: Uint8Array, mostMilliseconds = MOST_MILLISECONDS): TraceFile {
  try {
    return withinTime(() => parse(file, bytes), mostMilliseconds);
  } catch (error) {
    return refused(traceIssue(file, reasonOf(error), 'must be a Parquet file', 'write it again, compressed by snappy, gzip or not at all'));
  }
}

/** Run lengths inside a damaged page can send the package round for ever; a script with a deadline is the one thing that ends a loop in its own thread. */
function withinTime<Answer>(read: () => Answer, milliseconds: number): Answer {
  return runInNewContext('read()', { read }, { timeout: milliseconds });
}

function parse(file: string, bytes: Uint8Array): TraceFile {
  const metadata = parquetMetadata(bytes);
  const rows = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  if (rows > MAX_CHOICES) return refused(tooManyChoices(file, rows));
  const issues = COLUMNS.flatMap((name) => columnIssues(file, metadata, name));
  if (issues.length > 0) return refused(...issues);
  return rows === 0 ? refused(noChoices(file)) : readRows(file, bytes, metadata);
}

/** The package says what it cannot read, such as an unknown compression; in a damaged file it may also stumble, which says nothing to a reader. */
function reasonOf(error: unknown): string {
  const isSaid = error instanceof Error && error.constructor === Error;
  return isSaid ? error.message : 'it is cut off or damaged';
}

/** What is wrong with a column before its values are looked at. */
function columnIssues(file: string, { schema, row_groups }: FileMetaData, name: ColumnName) {
  const element = schema.slice(1).find((candidate) => candidate.name === name);
  if (element === undefined) {
    const names = schema.slice(1).map((candidate) => candidate.name);
    const rule = `must have the columns ${COLUMNS.join(', ')}`;
    return [traceIssue(file, `columns ${names.slice(0, 8).join(', ')}`, rule, `add the column ${name}`)];
  }
  if (!isWhole(element)) {
    const type = String(element.converted_type ?? element.type ?? 'a group of columns');
    return [traceIssue(file, `column ${name}: ${type}`, 'must be whole numbers (INT32 or INT64)', 'cast the column to int32')];
  }
  const bytes = row_groups.reduce((sum, group) => sum + Number(chunkOf(group, name).meta_data?.total_uncompressed_size ?? 0), 0);
  return bytes > MAX_COLUMN_BYTES ? [tooManyChoices(file, Math.floor(bytes / 4))] : [];
}

/** Whole numbers of any width; not dates, decimals or lists, which are stored in the same types. */
function isWhole({ type, repetition_type, converted_type, logical_type }: SchemaElement): boolean {
  if ((type !== 'INT32' && type !== 'INT64') || repetition_type === 'REPEATED') return false;
  return (
    (converted_type === undefined || /^U?INT_/.test(converted_type)) && (logical_type === undefined || logical_type.type === 'INTEGER')
  );
}

function readRows(file: string, bytes: Uint8Array, metadata: FileMetaData): TraceFile {
  const records = noRecords();
  for (const group of metadata.row_groups) {
    const [layer, token, expert] = COLUMNS.map((name) => readValues(bytes, metadata, group, name));
    for (let row = 0; row < Number(group.num_rows); row++) {
      const values = [layer[row], token[row], expert[row]];
      const wrong = values.findIndex((value) => !isIndex(value));
      if (wrong >= 0) {
        const place = `record ${records.layer.length + 1}, ${COLUMNS[wrong]}: ${Number.isNaN(values[wrong]) ? 'null' : values[wrong]}`;
        return refused(traceIssue(file, place, 'must be a whole number from 0', 'correct or remove the row'));
      }
      records.layer.push(values[0]);
      records.token.push(values[1]);
      records.expert.push(values[2]);
    }
  }
  return { records, issues: [] };
}

/** One column of one row group; what is null there is NaN here. */
function readValues(bytes: Uint8Array, metadata: FileMetaData, group: RowGroup, name: ColumnName): number[] {
  const { meta_data: meta } = chunkOf(group, name);
  if (meta === undefined) throw new Error(`column ${name} has no metadata`);
  const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
  const schemaPath = [parquetSchema(metadata), ...parquetSchema(metadata).children.filter(({ element }) => element.name === name)];
  const rows = Number(group.num_rows);
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, Number(meta.total_compressed_size));
  checkPages(view, rows);
  const { data } = readColumn(
    { view, offset: 0 },
    { groupStart: 0, selectStart: 0, selectEnd: rows, groupRows: rows },
    { ...meta, pathInSchema: [name], element: schemaPath[1].element, schemaPath, parsers: DEFAULT_PARSERS, compressors: COMPRESSORS },
  );
  const values = data.flatMap((page) => Array.from(page, (value) => (value === null || value === undefined ? Number.NaN : Number(value))));
  if (values.length !== rows) throw new Error('a column with another number of values than rows');
  return values;
}

/** The package believes what pages say of their sizes: in a damaged file that can be a step back, or more than fits into memory. */
function checkPages(view: DataView, rows: number): void {
  const reader = { view, offset: 0 };
  let values = 0;
  while (values < rows) {
    const header = parquetHeader(reader);
    const { compressed_page_size: size, uncompressed_page_size: decoded } = header;
    const own = header.data_page_header?.num_values ?? header.data_page_header_v2?.num_values ?? 0;
    const entries = header.dictionary_page_header?.num_values ?? 0;
    const fits = size >= 0 && reader.offset + size <= view.byteLength && decoded >= 0 && decoded <= MAX_COLUMN_BYTES;
    if (!fits || !(own >= 0 && values + own <= rows && entries >= 0 && entries <= rows))
      throw new Error('a page with sizes that cannot be');
    reader.offset += size;
    values += own;
  }
}

function chunkOf(group: RowGroup, name: ColumnName): ColumnChunk {
  const chunk = group.columns.find(({ meta_data: meta }) => meta?.path_in_schema.length === 1 && meta.path_in_schema[0] === name);
  if (chunk === undefined) throw new Error(`a row group lacks the column ${name}`);
  return chunk;
}

/** Node 22.15 and later have this too. */
const { zstdDecompressSync } = zlib as { readonly zstdDecompressSync?: typeof zlib.gunzipSync };

/** What the package does not bring itself; no page becomes longer than its header says. */
const COMPRESSORS: Compressors = {
  GZIP: (input, outputLength) => zlib.gunzipSync(input, { maxOutputLength: outputLength }),
  BROTLI: (input, outputLength) => zlib.brotliDecompressSync(input, { maxOutputLength: outputLength }),
  ...(zstdDecompressSync === undefined
    ? {}
    : { ZSTD: (input: Uint8Array, outputLength: number) => zstdDecompressSync(input, { maxOutputLength: outputLength }) }),
};
