import type { TraceFile } from './read-trace.ts';
import { EXPERT_RULE, isIndex, MAX_CHOICES, noChoices, noRecords, refused, tooManyChoices, traceIssue } from './trace-records.ts';

/**
 * Recorded choices as NumPy writes them: an array [layers, tokens] or [layers, tokens, k] of expert ids, -1 where a token made no such choice.
 * Format: numpy/numpy numpy/lib/format.py, versions 1.0, 2.0 and 3.0: magic, version, length of the header, and the header, a Python
 * dictionary with descr, fortran_order and shape.
 */

const MAGIC = '\x93NUMPY';
/** Headers of plain arrays have about a hundred bytes. */
const MAX_HEADER = 2 ** 16;

type Read = (view: DataView, at: number) => number;

/** Whole numbers, least significant byte first; of one byte there is no order. */
const DTYPES: Readonly<Record<string, { readonly bytes: number; readonly read: Read }>> = {
  '|i1': { bytes: 1, read: (view, at) => view.getInt8(at) },
  '|u1': { bytes: 1, read: (view, at) => view.getUint8(at) },
  '<i2': { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  '<u2': { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  '<i4': { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  '<u4': { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  '<i8': { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  '<u8': { bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) },
};

export function isNpy(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC.length && latin1(bytes.subarray(0, MAGIC.length)) === MAGIC;
}

export function parseTraceNpy(file: string, bytes: Uint8Array): TraceFile {
  const header = readHeader(bytes);
  if (header === null) {
    const rule = 'must have a header with descr, fortran_order and shape, of version 1, 2 or 3';
    return refused(traceIssue(file, 'NPY header', rule, 'write it by numpy.save'));
  }
  const { descr, fortranOrder, shape, start } = header;
  if (!Object.hasOwn(DTYPES, descr)) {
    const rule = `must be whole numbers, little-endian: one of ${Object.keys(DTYPES).join(', ')}`;
    return refused(traceIssue(file, `dtype ${descr}`, rule, "save experts.astype('<i4')"));
  }
  if (fortranOrder) {
    return refused(
      traceIssue(file, 'fortran_order: True', 'must be in C order, the last index fastest', 'save numpy.ascontiguousarray(experts)'),
    );
  }
  if (shape.length !== 2 && shape.length !== 3) {
    return refused(traceIssue(file, `shape (${shape.join(', ')})`, 'must be (layers, tokens) or (layers, tokens, k)', 'reshape the array'));
  }
  const { bytes: width, read } = DTYPES[descr];
  const choices = shape.reduce((product, side) => product * side, 1);
  if (choices > MAX_CHOICES) return refused(tooManyChoices(file, choices));
  if (bytes.length - start !== choices * width) {
    const rule = `must hold ${choices * width} bytes for shape (${shape.join(', ')}) of ${descr}`;
    return refused(
      traceIssue(file, `${bytes.length - start} bytes of data`, rule, 'copy the file again; it is cut off or has been added to'),
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return collect(file, shape, choices, (row) => read(view, start + row * width));
}

/** One record per choice that was made, layer by layer and token by token. */
function collect(file: string, [, tokens, topK = 1]: readonly number[], rows: number, expertAt: (row: number) => number): TraceFile {
  const records = noRecords();
  for (let row = 0; row < rows; row++) {
    const expert = expertAt(row);
    if (expert === -1) continue;
    const token = Math.floor(row / topK);
    const layer = Math.floor(token / tokens);
    if (!isIndex(expert)) {
      const place = `layer ${layer}, token ${token % tokens}, choice ${row % topK}: ${expert}`;
      return refused(traceIssue(file, place, EXPERT_RULE, 'correct the value'));
    }
    records.layer.push(layer);
    records.token.push(token % tokens);
    records.expert.push(expert);
  }
  if (records.layer.length === 0) return refused(noChoices(file));
  return { records, issues: [] };
}

interface Header {
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Offset of the data. */
  readonly start: number;
}

/** The three entries of the header, or null when they are not all there. */
function readHeader(bytes: Uint8Array): Header | null {
  if (bytes.length < 12 || bytes[6] < 1 || bytes[6] > 3) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [first, length] = bytes[6] === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  if (length > MAX_HEADER || first + length > bytes.length) return null;
  const text = latin1(bytes.subarray(first, first + length));
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const sides = /'shape':\s*\(([\d\s,]*)\)/.exec(text)?.[1];
  if (descr === undefined || order === undefined || sides === undefined) return null;
  const shape = sides
    .split(',')
    .filter((side) => side.trim() !== '')
    .map(Number);
  return { descr, fortranOrder: order === 'True', shape, start: first + length };
}

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}
