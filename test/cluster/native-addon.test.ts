import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isCutOff } from '../../src/cluster/cut-file.ts';
import { ADDON_FILE, loadNativeAddon, type NativeLevel, openNativeTiles, type PeakKind } from '../../src/cluster/native-tiles.ts';
import { createKernelMemory, createPlainMemory } from '../../src/kernels/index.ts';
import { builtAddon, nativeIsThere } from './native-support.ts';

const memory = createKernelMemory(1 << 16);

describe('native tiles', () => {
  it('are null with a reason where the addon is not built, or is none', () => {
    expect(openNativeTiles(memory, 'avx2', '/nowhere/kernels.node')).toEqual({ tiles: null, reason: 'not built: npm run build:native' });
    const file = join(mkdtempSync(join(tmpdir(), 'switchyard-addon-')), 'kernels.node');
    writeFileSync(file, 'no machine code');
    expect(openNativeTiles(memory, 'avx2', file)).toMatchObject({ tiles: null, reason: expect.stringContaining('kernels.node') });
    expect(loadNativeAddon('/nowhere/kernels.node').addon).toBeNull();
    expect(loadNativeAddon(tmpdir())).toEqual({ addon: null, reason: `${tmpdir()} is no file` });
  });
});

describe('a library that is cut off', () => {
  /** The header of an ELF file whose two sections of 64 bytes are told of behind it. */
  const library = new Uint8Array(0x40 + 2 * 0x40);
  library.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  library[0x28] = 0x40;
  library[0x3a] = 0x40;
  library[0x3c] = 2;

  it('is known by its table of sections; what is no library is for the loader to refuse', () => {
    expect(isCutOff(library)).toBe(false);
    expect(isCutOff(library.subarray(0, -1))).toBe(true);
    expect(isCutOff(library.subarray(0, 0x40))).toBe(true);
    for (const other of [library.subarray(0, 0x3f), library.subarray(1), new Uint8Array(0)]) expect(isCutOff(other)).toBe(false);
  });
});

describe.skipIf(!nativeIsThere)('the native addon', () => {
  it.skipIf(process.platform !== 'linux')('is not loaded where a part of its file is missing', () => {
    const whole = readFileSync(ADDON_FILE);
    const file = join(mkdtempSync(join(tmpdir(), 'switchyard-addon-')), 'kernels.node');
    for (const bytes of [64, 5000, Math.floor(whole.length / 2), whole.length - 1]) {
      writeFileSync(file, whole.subarray(0, bytes));
      expect(loadNativeAddon(file), `${bytes} bytes`).toEqual({ addon: null, reason: `${file} is cut off: npm run build:native` });
    }
    writeFileSync(file, whole);
    expect(loadNativeAddon(file).addon?.levels()).toEqual(builtAddon().levels());
  });

  it('opens nothing over memory that may move, and no level that is not there', () => {
    expect(openNativeTiles({ buffer: new ArrayBuffer(64) }, 'avx2')).toEqual({ tiles: null, reason: 'the memory is not shared' });
    expect(openNativeTiles(memory, 'avx1024' as NativeLevel)).toMatchObject({ tiles: null, reason: expect.stringContaining('processor') });
    expect(openNativeTiles(createPlainMemory(64), builtAddon().levels()[0]).tiles).not.toBeNull();
  });

  it('refuses arguments of the wrong kind', () => {
    const addon = builtAddon() as unknown as Record<string, (...args: unknown[]) => unknown>;
    const calls: [string, unknown[]][] = [
      ['open', []],
      ['open', [new Float32Array(4), 'avx2', false]],
      ['open', [new Uint8Array(new SharedArrayBuffer(4)), 'avx2', 1]],
      ['pack', [1, 2, 3]],
      ['pack', Array.from({ length: 9 }, () => 0)],
      ['tiles', [{}, 0, 0, 0, 1, 64, 1, 1, 0]],
      ['peak', ['fma-256']],
      ['peak', ['fma-4096', 1]],
    ];
    for (const [name, args] of calls) expect(() => addon[name](...args), `${name}(${args})`).toThrow(new RegExp(`^${name}: `));
  });

  it('measures what the processor can do, and 0 for what it does not have', () => {
    const kinds: PeakKind[] = ['mul-add-128', 'fma-128', 'fma-256', 'fma-512', 'bf16-512'];
    const [narrow, , wide, widest, bf16] = kinds.map((kind) => builtAddon().peak(kind, 20));
    expect(wide).toBeGreaterThan(narrow);
    const has = (level: NativeLevel): boolean => builtAddon().levels().includes(level);
    expect(widest > 0).toBe(has('avx512'));
    expect(bf16 > 0).toBe(has('avx512-bf16'));
  });
});

describe.skipIf(process.arch !== 'x64' || process.platform !== 'linux')('npm run build:native', () => {
  const build = (args: string[], env: NodeJS.ProcessEnv): string => {
    const { status, stderr } = spawnSync(process.execPath, ['native/build.mjs', ...args], {
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
    expect(status).toBe(1);
    return stderr;
  };

  it('says where it looked for headers, and what to do', () => {
    expect(build(['--headers', '/nowhere'], {})).toMatch(/^No headers of Node: node_api\.h is not in\n {2}\/nowhere\n.*--headers DIR/);
  });

  it('says how it is called', () => {
    expect(build(['--header', '/usr'], {})).toMatch(/^Unknown option '--header'.*\nnpm run build:native \[-- --headers DIR\]\n$/s);
    expect(build(['--headers'], {})).toMatch(/^Option '--headers <value>' argument missing\nnpm run/);
  });

  it('says which compiler is missing, and what to do', () => {
    const headers = mkdtempSync(join(tmpdir(), 'switchyard-headers-'));
    writeFileSync(join(headers, 'node_api.h'), '');
    expect(build(['--headers', headers], { CC: 'no-such-compiler -v' })).toMatch(/^No C compiler: no-such-compiler \(ENOENT\)\n.*CC=/);
    expect(build(['--headers', headers], { CC: ' ', PATH: '/nowhere' })).toMatch(/^No C compiler: cc \(ENOENT\)\n/);
  });
});
