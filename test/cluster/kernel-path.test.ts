import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/index.ts';
import { openKernels, openMemory, typeScriptPath } from '../../src/cluster/kernel-path.ts';
import { loadNativeAddon, type NativeLevel } from '../../src/cluster/native-tiles.ts';
import { chooseKernelPath, workingKernelPaths } from '../../src/cluster/path-choice.ts';
import { createInProcessExecutor, emulate } from '../../src/emulate/index.ts';
import { kernelModuleBytes, type WasmVariant } from '../../src/kernels/index.ts';
import { plainExecutor, SMALL } from '../emulate/support.ts';

/** Opcodes behind the SIMD prefix; WebAssembly core specification 2.0, section 5.4.8, and the relaxed SIMD proposal. */
const SIMD_PREFIX = 0xfd;
const F32X4_ADD = [0xe4, 0x01];
const F32X4_MUL = [0xe6, 0x01];
const RELAXED_MADD = [0x85, 0x02];
const RELAXED_NMADD = [0x86, 0x02];

/** Every `from` becomes `to`. */
function swapped(bytes: Uint8Array, from: readonly number[], to: readonly number[]): Uint8Array {
  for (let i = 1; i < bytes.length; i++) {
    if (bytes[i - 1] === SIMD_PREFIX && from.every((byte, b) => bytes[i + b] === byte)) bytes.set(to, i);
  }
  return bytes;
}

const working = workingKernelPaths();
const fingerprints = new Set<string>();

describe('the kernel path', () => {
  it('is the fastest one that gives the bits of the oracle, and is chosen once', () => {
    const path = chooseKernelPath();
    expect(chooseKernelPath()).toEqual(path);
    expect(path.module).not.toBeNull();
    expect(working.map(({ name }) => name)).toContain('wasm-simd128');
    expect(working.at(-1)).toEqual(typeScriptPath());
    const speeds = working.slice(0, -1).map(({ speed }) => speed?.bf16 ?? 0);
    expect(Math.min(...speeds)).toBeGreaterThan(0);
    expect(path).toEqual(working[0]);
    expect(path.speed?.bf16).toBe(Math.max(...speeds));
  });

  it('has the fused instruction on this version of Node, with a limit that it was held against', () => {
    const fma = working.find(({ name }) => name === 'wasm-relaxed-fma');
    expect(fma?.speed?.limit).toBeGreaterThan(0);
  });

  it('falls back when no module compiles, and says so', () => {
    const path = chooseKernelPath({ moduleBytes: (variant) => kernelModuleBytes(variant).slice(0, -1) });
    expect(path.module).toBeNull();
    expect(path.name).toMatch(/^tiled \(.*wasm-simd128: WebAssembly/);
  });

  it('falls back when all modules compute something else, and says so', () => {
    const original = kernelModuleBytes();
    expect(swapped(kernelModuleBytes(), F32X4_MUL, F32X4_ADD)).not.toEqual(original);
    const path = chooseKernelPath({ moduleBytes: (variant) => swapped(kernelModuleBytes(variant), F32X4_MUL, F32X4_ADD) });
    expect(path.module).toBeNull();
    expect(path.name).toMatch(/^tiled \(.*wasm-simd128: gemm NN of bf16 differs from the oracle/);
  });

  it('falls back to the next one when only the fused products are wrong', () => {
    const broken = (variant: WasmVariant): Uint8Array => swapped(kernelModuleBytes(variant), RELAXED_MADD, RELAXED_NMADD);
    expect(broken('fma')).not.toEqual(kernelModuleBytes('fma'));
    const wasm = working.filter(({ native, module }) => native === null && module !== null);
    for (const { name, variant } of wasm) {
      const forced = (): string => chooseKernelPath({ kernels: name, moduleBytes: broken }).name;
      if (variant === 'mul-add') expect(forced()).toBe(name);
      else {
        expect(forced).toThrow(`${name}: gemm NN of bf16 differs from the oracle`);
        // Only those that work are offered in its place.
        expect(forced).toThrow(/must be a path that works here: (native-[a-z0-9-]+, )*wasm-simd128, (native-[a-z0-9-]+, )*tiled;/);
      }
    }
  });

  it('can be asked for by name, and is refused where it does not work', () => {
    for (const path of working) expect(chooseKernelPath({ kernels: path.name })).toEqual(path);
    expect(() => chooseKernelPath({ kernels: 'wasm-simd512' })).toThrow(InputError);
    expect(() => chooseKernelPath({ kernels: 'wasm-simd512' })).toThrow(/E_KERNELS --kernels: wasm-simd512; .*wasm-simd128, .*tiled/);
  });

  it.skipIf(loadNativeAddon().addon !== null)('says how to have a native path that is not built', () => {
    expect(() => chooseKernelPath({ kernels: 'native-avx2' })).toThrow(
      'E_KERNELS --kernels: native-avx2 (not built: npm run build:native);',
    );
  });

  it('that was native at the start, and is gone when a thread opens it, is an error of the input', () => {
    const gone = { ...chooseKernelPath(), native: 'avx1024' as NativeLevel };
    expect(() => openKernels(openMemory(0, gone), gone)).toThrow(InputError);
    expect(() => openKernels(openMemory(0, gone), gone)).toThrow(/^E_KERNELS --kernels: native-avx1024 \(.+\); the addon must stay/);
  });

  it('asks for no WebAssembly where there is none, and says what memory was refused', () => {
    expect(openMemory(1000, typeScriptPath()).buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(openMemory(1000, chooseKernelPath()).buffer.byteLength).toBeGreaterThanOrEqual(1000);
    for (const path of [chooseKernelPath(), typeScriptPath()]) {
      expect(() => openMemory(2 ** 60, path)).toThrow(/E_EMULATE_MEMORY.*1099511627776 MiB/);
    }
  });

  it('makes no difference to what is counted', async () => {
    const fallback = createInProcessExecutor((bytes) => openKernels(openMemory(bytes, typeScriptPath()), typeScriptPath()));
    const [load] = await emulate(SMALL, fallback);
    expect(load.fingerprint).toBe((await emulate(SMALL, plainExecutor))[0].fingerprint);
    expect(load.verification?.differingValues).toBe(0);
  });
});

describe('the command line', () => {
  it.skipIf(process.platform !== 'linux').each([4, 12, 32, 42, 50, 52])(
    'runs with addresses for %d GiB, without WebAssembly where they are too few for its memories',
    async (gibibytes) => {
      const cwd = mkdtempSync(join(tmpdir(), 'switchyard-path-'));
      const run = `"${process.execPath}" "${resolve('bin/switchyard.js')}" run "${resolve('scenarios/tiny.yaml')}" --json --quiet`;
      const { stdout } = await promisify(execFile)('sh', ['-c', `ulimit -v ${gibibytes << 20}; ${run}`], { cwd, maxBuffer: 1 << 28 });
      const { fingerprint, provenance } = JSON.parse(stdout);
      expect(provenance.kernelPath).toMatch(
        gibibytes < 48 ? `tiled (no WebAssembly: ${gibibytes}.0 GiB of addresses (ulimit -v))` : /^(wasm|native)-[a-z0-9-]+$/,
      );
      fingerprints.add(fingerprint);
      expect(fingerprints.size).toBe(1);
    },
    30_000,
  );

  const without = (name: string): string => `--import=data:text/javascript,delete globalThis.${name};`;

  it('without shared memory ends when it is interrupted, between two items', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'switchyard-path-'));
    writeFileSync(join(cwd, 'long.yaml'), readFileSync('scenarios/tiny.yaml', 'utf8').replace('sequences: 32', 'sequences: 16384'));
    const args = [without('SharedArrayBuffer'), resolve('bin/switchyard.js'), 'run', 'long.yaml', '--ignore-memory'];
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    let isAsked = false;
    child.stderr.on('data', (data) => {
      said += data;
      // Once: a second signal would end the process without a word.
      if (isAsked || !said.includes('routing tokens')) return;
      isAsked = child.kill('SIGINT');
    });
    const [code] = await once(child, 'exit');
    expect(code).toBe(130);
    expect(said).toContain('interrupted');
  }, 120_000);

  it.each([
    ['--jitless', [], /^tiled \(no WebAssembly SIMD: WebAssembly is switched off\)$/],
    ['--no-liftoff', [], /^(wasm|native)-[a-z0-9-]+$/],
    [without('WebAssembly'), [], /^tiled \(no WebAssembly SIMD: WebAssembly is switched off\)$/],
    [without('SharedArrayBuffer'), ['--threads', '2'], /^tiled \(no shared memory, so one thread\)$/],
    ['--max-old-space-size=256', ['--kernels', 'wasm-simd128'], /^wasm-simd128$/],
  ])(
    'gives the same result with node %s',
    async (flag, options, kernelPath) => {
      const cwd = mkdtempSync(join(tmpdir(), 'switchyard-path-'));
      const args = [flag, resolve('bin/switchyard.js'), 'run', resolve('scenarios/tiny.yaml'), '--json', '--quiet', ...options];
      const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd, maxBuffer: 1 << 28 });
      const { fingerprint, provenance } = JSON.parse(stdout);
      // V8's own, about --jitless; nothing about flags that it does not know.
      expect(stderr.replace(/^Warning: disabling flag --expose_wasm .*\n/, '')).toBe('');
      expect(provenance.kernelPath).toMatch(kernelPath);
      expect(provenance.kernelSpeed === null).toBe(provenance.kernelPath.startsWith('tiled'));
      if (flag.includes('SharedArrayBuffer')) expect(provenance.threads).toBe(1);
      fingerprints.add(fingerprint);
      expect(fingerprints.size).toBe(1);
    },
    30_000,
  );
});
