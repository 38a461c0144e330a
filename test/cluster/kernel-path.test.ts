import { describe, expect, it } from 'vitest';
import { chooseKernelPath, openKernels } from '../../src/cluster/kernel-path.ts';
import { createInProcessExecutor, emulate } from '../../src/emulate/index.ts';
import { createKernelMemory, kernelModuleBytes } from '../../src/kernels/index.ts';
import { plainExecutor, SMALL } from '../emulate/support.ts';

/** Opcodes of the f32x4 operations behind the SIMD prefix; WebAssembly core specification 2.0, section 5.4.8. */
const SIMD_PREFIX = 0xfd;
const F32X4_ADD = 0xe4;
const F32X4_MUL = 0xe6;

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

  it('makes no difference to what is counted', async () => {
    const fallback = createInProcessExecutor((bytes) => openKernels(createKernelMemory(bytes), { module: null, name: 'tiled' }));
    const [load] = await emulate(SMALL, fallback);
    expect(load.fingerprint).toBe((await emulate(SMALL, plainExecutor))[0].fingerprint);
    expect(load.verification?.differingValues).toBe(0);
  });
});
