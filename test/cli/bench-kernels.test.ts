import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type CLimits, openCLoops } from '../../src/cli/benchmarks/kernels/c-limits.ts';
import type { KernelCases } from '../../src/cli/benchmarks/kernels/cases.ts';
import { FULL } from '../../src/cli/benchmarks/kernels/cases.ts';
import { type KernelFields, measureKernels } from '../../src/cli/benchmarks/kernels.ts';
import { main } from '../../src/cli/index.ts';
import { machineOf } from '../../src/cli/machine.ts';
import { benchmarkText } from '../../src/cli/run-benchmark.ts';
import { workingKernelPaths } from '../../src/cluster/index.ts';
import { listen } from './listen.ts';

const TINY: KernelCases = {
  products: [
    { shape: [9, 16, 24], form: 'NN' },
    { shape: [9, 16, 24], form: 'NT' },
    { shape: [16, 24, 9], form: 'TN' },
  ],
  slowProducts: [{ shape: [2, 16, 24], form: 'NN' }],
  layers: [{ tokens: 96, experts: 4, dModel: 16, dExpert: 32, capacityFactor: 1.25 }],
  items: [{ shape: [4, 8, 8], count: 40 }],
  leastMs: 0.05,
  limitMs: 0.5,
};

const FREE_BYTES = 2 ** 30;
const TWO_CORES = { cores: 2, freeBytes: FREE_BYTES };
const NOTHING_INSTALLED = { PATH: '', CC: '/nowhere/cc' };

function request(env: Record<string, string | undefined>, more: { onlyPath?: string; signal?: AbortSignal } = {}) {
  const progress: number[] = [];
  const onProgress = (_: string, done: number, total: number): void => {
    progress.push(done / total);
  };
  return { rounds: 2, onlyPath: undefined, env, signal: new AbortController().signal, onProgress, progress, ...more };
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** A folder with a `python3` that prints these lines of JSON at its start, and the last one again for each line it reads. */
function pythonThatSays(...lines: readonly object[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-python-'));
  folders.push(folder);
  const [first, ...rest] = lines.map((line) => `echo '${JSON.stringify(line)}'`);
  writeFileSync(join(folder, 'python3'), `#!/bin/sh\n${first}\nwhile read -r line; do\n${rest.join('\n') || ':'}\ndone\n`);
  chmodSync(join(folder, 'python3'), 0o755);
  return folder;
}

const positive = (value: number): boolean => Number.isFinite(value) && value > 0;

describe('the benchmark of kernels, without NumPy and without a C compiler', async () => {
  const asked = request(NOTHING_INSTALLED);
  const answer = await measureKernels(TINY, asked, TWO_CORES);
  const { limits, gemm, layer, items, errors, notes } = JSON.parse(JSON.stringify(answer.fields)) as KernelFields;
  const paths = workingKernelPaths();
  const fast = paths.filter(({ module }) => module !== null);

  it('measures every product on every path, dtype and number of threads', () => {
    const measured = [...new Set(gemm.map(({ path }) => path))];
    expect(measured.sort()).toEqual(paths.map(({ name }) => name).sort());
    for (const path of measured) {
      const rows = gemm.filter((row) => row.path === path);
      expect(rows).toHaveLength(path === 'tiled' ? 2 : 2 * 2 * TINY.products.length);
      expect(new Set(rows.map(({ dtype }) => dtype))).toEqual(new Set(['f32', 'bf16']));
    }
    for (const { gflops, median, shareOfLimit, limit, threads } of gemm) {
      expect([gflops, median].every(positive)).toBe(true);
      expect(median).toBeLessThanOrEqual(gflops);
      const of = limits[limit];
      expect(shareOfLimit).toEqual(of === null ? null : gflops / (threads * of));
    }
    expect(gemm.filter(({ pass }) => pass === 'backward').every(({ form }) => form !== 'NN')).toBe(true);
  });

  it('measures both passes of the layer, phase by phase', () => {
    expect([...new Set(layer.map(({ path }) => path))].sort()).toEqual(fast.map(({ name }) => name).sort());
    expect(layer.map(({ pass }) => pass).filter((pass) => pass === 'forward')).toHaveLength(layer.length / 2);
    expect(new Set(layer.map(({ threads }) => threads))).toEqual(new Set([1, 2]));
    for (const { tokens, keptTokens, tokensPerSecond, gflops, nonGemmShare, phases, pass, ratioToNumpy } of layer) {
      expect({ tokens, ratioToNumpy, phases: phases.length }).toEqual({
        tokens: 96,
        ratioToNumpy: null,
        phases: pass === 'forward' ? 6 : 4,
      });
      expect(keptTokens).toBeGreaterThan(48);
      expect(keptTokens).toBeLessThanOrEqual(96);
      expect([tokensPerSecond, gflops].every(positive)).toBe(true);
      expect(nonGemmShare).toBeGreaterThan(0);
      expect(nonGemmShare).toBeLessThan(1);
      const operations = (pass === 'forward' ? 4 : 8) * keptTokens * 16 * 32;
      expect(gflops).toBeCloseTo((operations * tokensPerSecond) / tokens / 1e9, 6);
    }
  });

  it('measures small items on two threads', () => {
    expect(items.map(({ shape, threads }) => [shape, threads])).toEqual(items.map(() => [[4, 8, 8], 2]));
    expect(items.length).toBeGreaterThan(0);
    for (const { microsecondsPerItem } of items) expect(positive(microsecondsPerItem)).toBe(true);
  });

  it('has limits of WebAssembly, null for those of C, and says what is missing', () => {
    expect(positive(limits.simd128 ?? 0)).toBe(true);
    expect([limits.c128, limits.c256, limits.c512, limits.cBf16, limits.cLoops]).toEqual([null, null, null, null, null]);
    expect(notes.join('\n')).toMatch(/no limits of C: \/nowhere\/cc/);
    expect(notes.join('\n')).toMatch(/NumPy is not compared with: no python3/);
    expect(errors).toEqual(answer.errors);
  });

  it('says how far it is', () => {
    expect(asked.progress.at(-1)).toBe(1);
    expect([...asked.progress].sort((a, b) => a - b)).toEqual(asked.progress);
  });

  it('prints tables of 80 columns, limits first', () => {
    const text = benchmarkText(machineOf('wasm-simd128'), 2, answer, (_, words) => words);
    const lines = text.split('\n');
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(text.indexOf('Limits')).toBeLessThan(text.indexOf('Products'));
    for (const word of ['simd128', '9x16x24', '16x24x9 TN', '40 of 4x8x8', 'backward']) expect(text).toContain(word);
  });
});

describe('the machine decides what is measured', () => {
  it('one core: no two threads, with a note', async () => {
    const { fields } = await measureKernels(TINY, request(NOTHING_INSTALLED), { cores: 1, freeBytes: FREE_BYTES });
    expect(new Set([...fields.gemm, ...fields.layer, ...fields.items].map(({ threads }) => threads))).toEqual(new Set([1]));
    expect(fields.notes.join('\n')).toContain('nothing is measured on two threads');
  });

  it('little memory: the largest cases are left out, with a note', async () => {
    const large: KernelCases = {
      ...TINY,
      products: [...TINY.products, { shape: [16_384, 16_384, 16_384], form: 'NN' }],
      layers: [...TINY.layers, { ...FULL.layers[1] }],
    };
    const { fields } = await measureKernels(large, request(NOTHING_INSTALLED), { cores: 1, freeBytes: 2 ** 27 });
    expect(fields.notes.join('\n')).toContain('the product 16384x16384x16384');
    expect(fields.notes.join('\n')).toContain('the layer of 64 experts');
    expect(fields.gemm.map(({ shape }) => shape)).toContainEqual([9, 16, 24]);
  });

  it.skipIf(process.platform !== 'linux')(
    'no room for memories of WebAssembly: TypeScript kernels, held against no limit, with a note',
    () => {
      const command = `ulimit -v ${8 << 20}; "${process.execPath}" bin/switchyard.js bench kernels --quick --rounds 1 --json --quiet`;
      const { status, stdout } = spawnSync('/bin/sh', ['-c', command], { encoding: 'utf8', env: NOTHING_INSTALLED });
      const { limits, gemm, notes } = JSON.parse(stdout) as KernelFields;
      expect(status).toBe(0);
      expect([limits.simd128, limits.simd256]).toEqual([null, null]);
      expect(gemm.length).toBeGreaterThan(0);
      for (const { path, gflops, shareOfLimit } of gemm) expect([path, positive(gflops), shareOfLimit]).toEqual(['tiled', true, null]);
      expect(notes).toContain('No limits of WebAssembly: its SIMD does not run here.');
    },
    60_000,
  );

  it('no shared memory: refused, in words', () => {
    const options = [
      '--import=data:text/javascript,delete globalThis.SharedArrayBuffer;',
      'bin/switchyard.js',
      'bench',
      'kernels',
      '--quick',
    ];
    const { status, stderr } = spawnSync(process.execPath, options, { encoding: 'utf8', env: NOTHING_INSTALLED });
    expect(stderr).toMatch(/^E_KERNELS no SharedArrayBuffer; threads that are measured must share a memory; .*\n.*E_KERNELS says more\n$/);
    expect(status).toBe(2);
  });

  it('--kernels: only that path, refused when there is none of that name', async () => {
    const { fields } = await measureKernels(TINY, request(NOTHING_INSTALLED, { onlyPath: 'wasm-simd128' }), TWO_CORES);
    expect(new Set(fields.gemm.map(({ path }) => path))).toEqual(new Set(['wasm-simd128']));
    const listener = listen();
    expect(await main(['node', 'switchyard', 'bench', 'kernels', '--kernels', 'abacus'], listener.io)).toBe(2);
    expect(listener.err()).toContain('abacus');
    expect(listener.err()).toContain('wasm-simd128');
  });

  it('an abort ends it at once', async () => {
    const controller = new AbortController();
    const asked = { ...request(NOTHING_INSTALLED), signal: controller.signal, rounds: 1000 };
    const started = performance.now();
    const running = measureKernels(TINY, { ...asked, onProgress: () => controller.abort(new Error('enough')) }, TWO_CORES);
    await expect(running).rejects.toThrow('enough');
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe('NumPy', () => {
  const [{ tokens }] = TINY.layers;

  it('is measured in the same rounds, and every path of ours has a ratio', async () => {
    const PATH = pythonThatSays({ numpy: '9.9', blas: '/lib/libopenblas.so.0' }, { seconds: 0.5, gemmSeconds: 0.4, keptTokens: 90 });
    const { fields } = await measureKernels(TINY, request({ ...NOTHING_INSTALLED, PATH }), TWO_CORES);
    const ofNumpy = fields.layer.filter(({ path }) => path === 'numpy-openblas');
    expect(ofNumpy.map(({ threads }) => threads)).toEqual([1, 2]);
    for (const { pass, tokensPerSecond, nonGemmShare, ratioToNumpy } of ofNumpy) {
      expect({ pass, tokensPerSecond, ratioToNumpy }).toEqual({ pass: 'forward', tokensPerSecond: tokens / 0.5, ratioToNumpy: 1 });
      expect(nonGemmShare).toBeCloseTo(0.2, 12);
    }
    for (const row of fields.layer.filter(({ path }) => path !== 'numpy-openblas')) {
      if (row.pass === 'forward') expect(row.ratioToNumpy).toBeCloseTo(row.tokensPerSecond / (tokens / 0.5), 6);
      else expect(row.ratioToNumpy).toBeNull();
    }
  });

  it.each([
    ['another BLAS', [{ numpy: '9.9', blas: '/lib/libblas.so.3' }], /its BLAS is \/lib\/libblas\.so\.3, not OpenBLAS/],
    ['Python alone', [{ error: 'no NumPy (no module)' }], /no NumPy/],
  ])('%s is no comparison', async (_, lines, words) => {
    const asked = request({ ...NOTHING_INSTALLED, PATH: pythonThatSays(...lines) });
    const { fields } = await measureKernels({ ...TINY, products: TINY.products.slice(0, 1), items: [] }, asked, TWO_CORES);
    expect(fields.notes.join('\n')).toMatch(words);
    expect(fields.layer.every(({ ratioToNumpy }) => ratioToNumpy === null)).toBe(true);
  });

  const python = '/usr/bin/python3';
  const hasNumpy = spawnSync(python, ['-c', 'import numpy']).status === 0;
  if (!hasNumpy) console.warn('skipped: the layer in NumPy; Debian has it in python3-numpy, and OpenBLAS in libopenblas0-pthread');
  it.skipIf(!hasNumpy)('runs the whole layer: every token in one expert at most, as many as fit', () => {
    const words = ['bench/numpy_switch_layer.py', '64', '8', '16', '4:20', '2:3'];
    const { stdout } = spawnSync(python, words, { input: '4\n2\n', encoding: 'utf8' });
    const [first, four, two] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(first.numpy).toMatch(/^\d/);
    for (const { seconds, gemmSeconds } of [four, two]) expect(seconds > gemmSeconds && gemmSeconds > 0).toBe(true);
    expect(four.keptTokens).toBeGreaterThan(20);
    expect(two.keptTokens).toBe(6);
  });
});

describe('limits of C', () => {
  it.skipIf(process.platform === 'win32')('are a note where there is no place for a program', async () => {
    const place = process.env.TMPDIR;
    process.env.TMPDIR = '/nowhere';
    try {
      expect(await openCLoops({}, new AbortController().signal)).toBe('no limits of C: nothing can be written to /nowhere');
    } finally {
      if (place === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = place;
    }
  });

  const compiler = process.env.CC || 'cc';
  const hasCompiler = spawnSync(compiler, ['--version']).status === 0;
  if (!hasCompiler) console.warn(`skipped: the limits of C; no ${compiler} here`);
  it.skipIf(!hasCompiler)('are compiled, measured, and taken away', async () => {
    const loops = await openCLoops(process.env, new AbortController().signal);
    if (typeof loops === 'string') throw new Error(loops);
    const measured: CLimits = await loops.measure(1);
    expect(Object.keys(measured)).toEqual(['mulAdd128', 'fma128', 'mulAdd256', 'fma256', 'mulAdd512', 'fma512', 'bf16x512']);
    expect(positive(measured.mulAdd128)).toBe(true);
    for (const value of Object.values(measured)) expect(value === null || positive(value)).toBe(true);
    await loops.close();
    await expect(loops.measure(1)).rejects.toThrow(/ENOENT/);
  });
});
