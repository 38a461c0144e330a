import { parquetWriteBuffer } from 'hyparquet-writer';

/** Bytes of recordings as other programs write them. */

type Write = (view: DataView, at: number, value: number) => void;

const WRITERS: Readonly<Record<string, readonly [bytes: number, write: Write]>> = {
  '|i1': [1, (view, at, value) => view.setInt8(at, value)],
  '|u1': [1, (view, at, value) => view.setUint8(at, value)],
  '<i2': [2, (view, at, value) => view.setInt16(at, value, true)],
  '<u2': [2, (view, at, value) => view.setUint16(at, value, true)],
  '<i4': [4, (view, at, value) => view.setInt32(at, value, true)],
  '<u4': [4, (view, at, value) => view.setUint32(at, value, true)],
  '<i8': [8, (view, at, value) => view.setBigInt64(at, BigInt(value), true)],
  '<u8': [8, (view, at, value) => view.setBigUint64(at, BigInt(value), true)],
  '<f4': [4, (view, at, value) => view.setFloat32(at, value, true)],
  '>i4': [4, (view, at, value) => view.setInt32(at, value, false)],
};

export const NPY_WHOLE = Object.keys(WRITERS).filter((dtype) => !['<f4', '>i4'].includes(dtype));

export interface NpyArray {
  readonly shape: readonly number[];
  readonly values: readonly number[];
  readonly dtype?: string;
  readonly fortran?: boolean;
  readonly version?: 1 | 2;
}

/** A file as `numpy.save` writes it: the header is padded so that the data begin at a multiple of 64. */
export function npyBytes({ shape, values, dtype = '<i4', fortran = false, version = 1 }: NpyArray): Uint8Array {
  const [width, write] = WRITERS[dtype];
  const sides = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${dtype}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${sides}), }`;
  const prefix = version === 1 ? 10 : 12;
  const length = Math.ceil((prefix + text.length + 1) / 64) * 64 - prefix;
  const bytes = new Uint8Array(prefix + length + values.length * width);
  const view = new DataView(bytes.buffer);
  bytes.set([0x93, ...new TextEncoder().encode('NUMPY'), version, 0]);
  if (version === 1) view.setUint16(8, length, true);
  else view.setUint32(8, length, true);
  bytes.set(new TextEncoder().encode(`${text.padEnd(length - 1)}\n`), prefix);
  for (const [i, value] of values.entries()) write(view, prefix + length + i * width, value);
  return bytes;
}

export type ParquetColumn = Parameters<typeof parquetWriteBuffer>[0]['columnData'][number];

export function parquetBytes(columnData: ParquetColumn[], options: Partial<Parameters<typeof parquetWriteBuffer>[0]> = {}): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({ columnData, ...options }));
}
