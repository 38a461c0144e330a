import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError, type Issue } from '../../src/base/index.ts';
import { loadScenario, readTrace } from '../../src/intake/index.ts';
import { parseTraceParquet } from '../../src/intake/trace-parquet.ts';
import { NPY_WHOLE, type NpyArray, npyBytes, type ParquetColumn, parquetBytes } from './trace-bytes.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-traces-'));

function read(bytes: Uint8Array, name = 'choices.bin') {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return readTrace(file, 'load.file');
}

/** `CODE value; rule` of what is wrong, without the folder. */
function wrong(bytes: Uint8Array, name?: string): string[] {
  const { records, issues } = read(bytes, name);
  expect(records).toEqual({ layer: [], token: [], expert: [] });
  return issues.map(({ code, value, rule }) => `${code} ${value.replace(`${folder}/`, '')}; ${rule}`);
}

function wrongOrNone(bytes: Uint8Array): string[] {
  return read(bytes).issues.map(({ value, rule }) => `${value}; ${rule}`);
}

/** Two layers, three tokens, two choices; the second token of layer 1 made only one, its third none. */
const CHOICES: NpyArray = { shape: [2, 3, 2], values: [0, 1, 2, 3, 4, 5, 6, 7, 8, -1, -1, -1] };
const RECORDS = { layer: [0, 0, 0, 0, 0, 0, 1, 1, 1], token: [0, 0, 1, 1, 2, 2, 0, 0, 1], expert: [0, 1, 2, 3, 4, 5, 6, 7, 8] };

type Case = readonly [title: string, columns: readonly ParquetColumn[], message: string];

const column = (name: string, data: readonly number[], type: ParquetColumn['type'] = 'INT32'): ParquetColumn => ({
  name,
  data: type === 'INT64' ? BigInt64Array.from(data, BigInt) : Array.from(data),
  type,
});
const COLUMNS = [column('layer', RECORDS.layer), column('token', RECORDS.token), column('expert', RECORDS.expert)];

describe('a recording in NPY', () => {
  it.each(NPY_WHOLE)('of %s is read, first choices first', (dtype) => {
    const signed = dtype.includes('i');
    const { shape, values } = signed ? CHOICES : { shape: [1, 3, 2], values: [0, 1, 2, 3, 4, 5] };
    const all = Object.entries(RECORDS).map(([name, cells]) => [name, signed ? cells : cells.slice(0, 6)]);
    expect(read(npyBytes({ shape, values, dtype }))).toEqual({ records: Object.fromEntries(all), issues: [] });
  });

  it('may have one choice per token, and a long header', () => {
    const records = { layer: [0, 0, 1, 1], token: [0, 1, 0, 1], expert: [9, 8, 7, 6] };
    for (const version of [1, 2] as const)
      expect(read(npyBytes({ shape: [2, 2], values: [9, 8, 7, 6], version })).records).toEqual(records);
  });

  it.each([
    ['fractions', npyBytes({ shape: [1, 1], values: [1], dtype: '<f4' }), 'dtype <f4; must be whole numbers'],
    ['big-endian numbers', npyBytes({ shape: [1, 1], values: [1], dtype: '>i4' }), 'dtype >i4; must be whole numbers, little-endian'],
    ['Fortran order', npyBytes({ shape: [2, 2], values: [1, 2, 3, 4], fortran: true }), 'fortran_order: True; must be in C order'],
    ['one index', npyBytes({ shape: [3], values: [1, 2, 3] }), 'shape (3); must be (layers, tokens)'],
    ['four indices', npyBytes({ shape: [1, 1, 1, 1], values: [1] }), 'shape (1, 1, 1, 1); must be'],
    ['no choice', npyBytes({ shape: [1, 2], values: [-1, -1] }), 'no choice; must hold at least one'],
    ['no token', npyBytes({ shape: [4, 0], values: [] }), 'no choice; must hold at least one'],
    [
      'a negative expert',
      npyBytes({ shape: [1, 3, 2], values: [0, 1, 2, 3, -7, 5] }),
      'layer 0, token 2, choice 0: -7; must be an expert from 0',
    ],
    ['a huge expert', npyBytes({ shape: [1, 1], values: [2 ** 40], dtype: '<i8' }), 'layer 0, token 0, choice 0: 1099511627776; must be'],
    ['too few data', npyBytes(CHOICES).subarray(0, -1), '47 bytes of data; must hold 48 bytes for shape (2, 3, 2) of <i4'],
    ['too many data', new Uint8Array([...npyBytes(CHOICES), 0]), '49 bytes of data; must hold 48'],
    ['half a header', npyBytes(CHOICES).subarray(0, 40), 'NPY header; must have a header'],
    ['a version of the future', npyBytes(CHOICES).fill(9, 6, 7), 'NPY header; must have a header'],
  ])('with %s is refused', (_, bytes, message) => {
    const messages = wrong(bytes);
    expect(messages.length).toBe(1);
    expect(messages[0]).toMatch(/^E_TRACE choices\.bin: /);
    expect(messages[0]).toContain(message);
  });

  it('of more choices than are read is refused before its data are looked at', () => {
    expect(wrong(npyBytes({ shape: [2 ** 13, 2 ** 13], values: [] }))).toEqual([
      'E_FILE_SIZE choices.bin: 67108864 choices; at most 33554432 recorded choices are read',
    ]);
  });
});

describe('a recording in Parquet', () => {
  it.each([
    ['plainly', COLUMNS, { codec: 'UNCOMPRESSED' }],
    ['by snappy', COLUMNS, {}],
    ['by gzip', COLUMNS, { codec: 'GZIP', compressors: { GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)) } }],
    ['by brotli', COLUMNS, { codec: 'BROTLI', compressors: { BROTLI: (bytes: Uint8Array) => new Uint8Array(brotliCompressSync(bytes)) } }],
    ['in several row groups and pages', COLUMNS, { rowGroupSize: 4, pageSize: 8 }],
    ['in eight bytes each', COLUMNS.map(({ name, data }) => column(name, Array.from(data as number[]), 'INT64')), {}],
    [
      'beside other columns, in another order',
      [{ name: 'text', data: RECORDS.layer.map(String), type: 'STRING' as const }, ...COLUMNS.toReversed()],
      {},
    ],
  ] as const)('stored %s is read', (_, columns, options) => {
    expect(read(parquetBytes([...columns], options))).toEqual({ records: RECORDS, issues: [] });
  });

  it('of many rows keeps their order', () => {
    const rows = 30_000;
    const cells = (law: (row: number) => number) => Array.from({ length: rows }, (_, row) => law(row));
    const records = {
      layer: cells((row) => row % 3),
      token: cells((row) => Math.floor(row / 3)),
      expert: cells((row) => (row * 7919) % 128),
    };
    expect(read(parquetBytes(Object.entries(records).map(([name, data]) => column(name, data)))).records).toEqual(records);
  });

  it.each<Case>([
    ['a column missing', COLUMNS.slice(0, 2), 'columns layer, token; must have the columns layer, token, expert'],
    ['fractions', [...COLUMNS.slice(0, 2), column('expert', RECORDS.expert, 'DOUBLE')], 'column expert: DOUBLE; must be whole numbers'],
    [
      'dates',
      [...COLUMNS.slice(0, 2), { name: 'expert', data: RECORDS.expert.map((day) => new Date(day)), type: 'TIMESTAMP' }],
      'column expert: TIMESTAMP',
    ],
    [
      'words',
      [...COLUMNS.slice(0, 2), { name: 'expert', data: RECORDS.expert.map(String), type: 'STRING' }],
      'column expert: UTF8; must be whole',
    ],
    [
      'a negative token',
      [COLUMNS[0], column('token', [0, 0, -1, 1, 2, 2, 0, 0, 1]), COLUMNS[2]],
      'record 3, token: -1; must be a whole number from 0',
    ],
    [
      'an empty cell',
      [...COLUMNS.slice(0, 2), { name: 'expert', data: [0, 1, 2, 3, null, 5, 6, 7, 8], type: 'INT32', nullable: true }],
      'record 5, expert: null; must be',
    ],
    ['no rows', [column('layer', []), column('token', []), column('expert', [])], 'no choice; must hold at least one'],
  ])('with %s is refused', (_, columns, message) => {
    const messages = wrong(parquetBytes([...columns]));
    expect(messages.length).toBe(1);
    expect(messages[0]).toMatch(/^E_TRACE choices\.bin: /);
    expect(messages[0]).toContain(message);
  });

  it('in a compression that is not known is refused by its name', () => {
    const bytes = parquetBytes(COLUMNS, { codec: 'LZ4_RAW', compressors: { LZ4_RAW: (page: Uint8Array) => page } });
    expect(wrong(bytes)[0]).toMatch(/E_TRACE choices\.bin: .*LZ4_RAW; must be a Parquet file/);
  });
});

describe('a file that is no recording', () => {
  it.each([
    ['an empty one', new Uint8Array(), 'an empty file; must be a recording: CSV'],
    ['a packed one', new Uint8Array(gzipSync('layer,token,expert\n0,0,0\n')), 'compressed by gzip; must be a recording'],
    ['a packed list of columns', Uint8Array.from([0x50, 0x4b, 3, 4, 20, 0]), 'binary data; must be a recording'],
    ['text in two bytes per letter', new Uint8Array(Buffer.from('\ufefflayer,token,expert\n', 'utf16le')), 'binary data; must be'],
  ])('%s is refused by what it is, without its bytes', (_, bytes, message) => {
    const messages = wrong(bytes, 'choices.npy');
    expect(messages.length).toBe(1);
    expect(messages[0]).toContain(`E_TRACE choices.npy: ${message}`);
  });
});

describe('a damaged recording', () => {
  it('in NPY is read or refused; never a failure of ours', () => {
    const good = npyBytes(CHOICES);
    let refused = 0;
    const changes = fc.array(fc.record({ at: fc.integer({ min: 6, max: good.length - 1 }), byte: fc.nat(255) }), { maxLength: 4 });
    fc.assert(
      fc.property(changes, fc.integer({ min: 6, max: good.length }), fc.boolean(), (changed, length, isCut) => {
        const bytes = good.slice(0, isCut ? length : good.length);
        for (const { at, byte } of changed) if (at < bytes.length) bytes[at] = byte;
        const { issues } = read(bytes);
        if (issues.length > 0) refused++;
        for (const { code } of issues) expect(code).toMatch(/^E_(TRACE|FILE_SIZE)$/);
      }),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  it('in Parquet is refused wherever it is cut off', () => {
    const good = parquetBytes(COLUMNS);
    for (let length = 4; length < good.length; length++)
      expect(wrong(good.subarray(0, length))[0]).toMatch(/^E_TRACE choices\.bin: .*; must be a Parquet file$/);
  });

  it('in Parquet, in its pages, is read or refused within the time that is given, even where a run of values never ends', () => {
    const good = parquetBytes(COLUMNS);
    const footer = new DataView(good.buffer, good.byteOffset).getUint32(good.length - 8, true);
    let refused = 0;
    for (let at = 4; at < good.length - 8 - footer; at++) {
      const started = performance.now();
      const { issues } = parseTraceParquet('choices.bin', good.slice().fill(0xff, at, at + 1), 200);
      expect(performance.now() - started, `byte ${at}`).toBeLessThan(3000);
      for (const { code } of issues) expect(code).toBe('E_TRACE');
      if (issues.length > 0) refused++;
    }
    expect(refused).toBeGreaterThan(20);
  });

  it('in Parquet, in what it says of itself, is refused in words, never in those of a failure of ours', () => {
    const good = parquetBytes(COLUMNS);
    let stumbled = 0;
    const footer = new DataView(good.buffer, good.byteOffset).getUint32(good.length - 8, true);
    for (let at = good.length - 8 - footer; at < good.length - 8; at++) {
      const [message] = wrongOrNone(good.slice().fill(0xff, at, at + 1));
      if (message === undefined) continue;
      expect(message).not.toMatch(/Cannot|reading|not a function|DataView|bounds|BigInt/);
      if (message.includes('it is cut off or damaged')) stumbled++;
    }
    expect(stumbled).toBeGreaterThan(5);
  });

  it('in Parquet is refused when a page says that it ends before its beginning, or beyond its column', () => {
    const good = parquetBytes(COLUMNS, { codec: 'UNCOMPRESSED' });
    // The first page follows the magic bytes; its sizes are the second and third number of the header, 8 bytes each.
    expect(Array.from(good.subarray(6, 10))).toEqual([0x15, 16, 0x15, 16]);
    for (const [at, size] of [
      [7, 15],
      [9, 15],
      [9, 126],
    ]) {
      expect(wrong(good.slice().fill(size, at, at + 1))).toEqual([
        'E_TRACE choices.bin: a page with sizes that cannot be; must be a Parquet file',
      ]);
    }
  });
});

describe('a recording and a scenario', () => {
  function issuesOf(file: string): readonly Issue[] {
    const scenario = join(folder, 'scenario.yaml');
    writeFileSync(scenario, `topology: tpu-v3:4x4\nmodel: {preset: switch-base}\nload: {kind: trace, file: ${file}}\n`);
    try {
      loadScenario(scenario);
    } catch (error) {
      if (error instanceof InputError) return error.issues;
      throw error;
    }
    return [];
  }

  it.each([
    ['a.npy', npyBytes({ shape: [1, 3], values: [0, 127, 128] })],
    ['a.parquet', parquetBytes([column('layer', [0, 0, 0]), column('token', [0, 1, 2]), column('expert', [0, 127, 128])])],
    ['a.csv', new TextEncoder().encode('layer,token,expert\n0,0,0\n0,1,127\n0,2,128\n')],
    // The first bytes tell the format, not the name.
    ['npy.csv', npyBytes({ shape: [1, 3], values: [0, 127, 128] })],
  ])('%s: an expert that the model does not have is named by file, record, bound and value', (name, bytes) => {
    writeFileSync(join(folder, name), bytes);
    expect(issuesOf(name).map(({ code, value, rule, place }) => `${place?.line}:${place?.column} ${code} ${value}; ${rule}`)).toEqual([
      `3:27 E_TRACE_RANGE ${name}: record 3: layer 0, token 2, expert 128; expert must be below 128`,
    ]);
  });

  it('needs choices that differ', () => {
    writeFileSync(join(folder, 'twice.npy'), npyBytes({ shape: [1, 2, 2], values: [3, 4, 5, 5] }));
    const scenario = join(folder, 'top2.yaml');
    writeFileSync(
      scenario,
      'topology: tpu-v3:4x4\nmodel: {preset: switch-base}\nrouting: {router: gshard-top2}\nload: {kind: trace, file: twice.npy}\n',
    );
    expect(() => loadScenario(scenario)).toThrow(
      /E_TRACE_RANGE .*record 4: layer 0, token 1, expert 5; the choices of a token must differ/,
    );
  });
});
