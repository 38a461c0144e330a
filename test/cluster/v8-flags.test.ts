import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { SOURCE_OPTIONS } from '../../src/cluster/from-source.ts';
import { kernelFlags } from '../../src/cluster/v8-flags.ts';

describe('flags of V8', () => {
  it.each([
    ['11.3.244.8-node.38', false, ['--experimental-wasm-relaxed-simd']],
    ['12.4.254.21-node.57', true, []],
    ['13.6.233.17-node.53', true, ['--experimental-wasm-revectorize']],
    ['13.6.233.17-node.53', false, []],
    ['14.10.1-node.1', true, ['--experimental-wasm-revectorize']],
  ])('are those that version %s knows and needs (revectorizer: %s)', (v8, revectorizes, flags) => {
    expect(kernelFlags({ v8, revectorizes })).toEqual(flags);
  });

  it('hold in a process that has compiled WebAssembly before, in its threads too, and are all known', async () => {
    const source = new URL('../../src/', import.meta.url).href;
    const script = `
      import { Worker } from 'node:worker_threads';
      const early = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
      // Node compiles a parser to WebAssembly for the first CommonJS module, and another one for the first request.
      await import('commander');
      await fetch('data:text/plain,x');
      const { setKernelFlags } = await import('${source}cluster/v8-flags.ts');
      const { kernelModuleBytes, compileModule, measureLimits } = await import('${source}kernels/index.ts');
      setKernelFlags();
      const bytes = ['fma', 'wide'].map((variant) => kernelModuleBytes(variant));
      const here = bytes.every((module) => compileModule(module) !== undefined);
      const worker = new Worker(
        'const { parentPort, workerData } = require("node:worker_threads"); parentPort.postMessage(workerData.every((module) => WebAssembly.validate(module)));',
        { eval: true, workerData: bytes, execArgv: [] },
      );
      const inThread = await new Promise((resolve) => worker.once('message', resolve));
      const { simd128, simd256 } = measureLimits(() => performance.now());
      console.log(JSON.stringify({ here, inThread, joins: simd256 !== null, isFast: simd128 > 0 }));`;
    const args = [...SOURCE_OPTIONS, '--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
    expect(stderr).toBe('');
    const joins = kernelFlags().includes('--experimental-wasm-revectorize');
    expect(JSON.parse(stdout)).toEqual({ here: true, inThread: true, joins, isFast: true });
  });
});
