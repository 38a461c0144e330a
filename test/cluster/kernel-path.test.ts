import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { chooseKernelPath, openKernels, openMemory } from '../../src/cluster/kernel-path.ts';
import { createInProcessExecutor, emulate } from '../../src/emulate/index.ts';
import { kernelModuleBytes } from '../../src/kernels/index.ts';
import { plainExecutor, SMALL } from '../emulate/support.ts';

/** Opcodes of the f32x4 operations behind the SIMD prefix; WebAssembly core specification 2.0, section 5.4.8. */
const SIMD_PREFIX = 0xfd;
const F32X4_ADD = 0xe4;
const F32X4_MUL = 0xe6;

const fingerprints = new Set<string>();

describe('the kernel path', () => {
  it('is WebAssembly where that gives the bits of the oracle', () => {
    const path = chooseKernelPath();
    expect(path.name).toBe('wasm-simd128');
    expect(path.module).not.toBeNull();
  });

  it('falls back when the module does not compile, and says so', () => {
    const path = chooseKernelPath(kernelModuleBytes().slice(0, -1));
    expect(path.module).toBeNull();
    expect(path.name).toMatch(/^tiled \(no WebAssembly SIMD: /);
  });

  it('falls back when the module computes something else, and says so', () => {
    const bytes = kernelModuleBytes();
    let changed = 0;
    for (let i = 1; i < bytes.length; i++) {
      if (bytes[i - 1] !== SIMD_PREFIX || bytes[i] !== F32X4_MUL) continue;
      bytes[i] = F32X4_ADD;
      changed++;
    }
    expect(changed).toBeGreaterThan(0);
    expect(chooseKernelPath(bytes)).toEqual({ module: null, name: 'tiled (wasm-simd128 failed its self-check)' });
  });

  it('asks for no WebAssembly where there is none, and says what memory was refused', () => {
    expect(openMemory(1000, { module: null, name: 'tiled' }).buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(openMemory(1000, chooseKernelPath()).buffer.byteLength).toBeGreaterThanOrEqual(1000);
    for (const path of [chooseKernelPath(), { module: null, name: 'tiled' }]) {
      expect(() => openMemory(2 ** 60, path)).toThrow(/E_EMULATE_MEMORY.*1099511627776 MiB/);
    }
  });

  it.each([
    ['--jitless', /tiled \(no WebAssembly SIMD: WebAssembly is switched off\)/],
    ['--no-liftoff', /wasm-simd128/],
  ])(
    'gives the same result with node %s',
    async (flag, kernelPath) => {
      const cwd = mkdtempSync(join(tmpdir(), 'switchyard-path-'));
      const args = [flag, resolve('bin/switchyard.js'), 'run', resolve('scenarios/tiny.yaml'), '--json', '--quiet'];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, maxBuffer: 1 << 28 });
      const { fingerprint, provenance } = JSON.parse(stdout);
      expect(provenance.kernelPath).toMatch(kernelPath);
      fingerprints.add(fingerprint);
      expect(fingerprints.size).toBe(1);
    },
    30_000,
  );

  it('makes no difference to what is counted', async () => {
    const tiled = { module: null, name: 'tiled' };
    const fallback = createInProcessExecutor((bytes) => openKernels(openMemory(bytes, tiled), tiled));
    const [load] = await emulate(SMALL, fallback);
    expect(load.fingerprint).toBe((await emulate(SMALL, plainExecutor))[0].fingerprint);
    expect(load.verification?.differingValues).toBe(0);
  });
});
