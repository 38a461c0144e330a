import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { SOURCE_OPTIONS } from '../../src/cluster/from-source.ts';
import { workingKernelPaths } from '../../src/cluster/index.ts';
import { type Identity, identityOn } from './identity.ts';

const CHILD = fileURLToPath(new URL('./identity-child.ts', import.meta.url));
const MINUTES = 60_000;

/** What a process of its own computes on a path, with further options of Node; it and its threads run the sources. */
async function identityWith(option: string, path: string): Promise<Identity> {
  const args = [...SOURCE_OPTIONS, '--disable-warning=ExperimentalWarning', option, CHILD, path];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
  // Flags that this version of V8 does not know would be named here.
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Identity;
}

describe('all ways to run kernels', () => {
  const names = workingKernelPaths().map(({ name }) => name);
  const tiled = identityOn('tiled');

  it('are more than one here', () => {
    expect(names).toContain('wasm-simd128');
    expect(names).toContain('wasm-relaxed-fma');
    expect(names).toContain('wasm-simd256');
  });

  it.each(names)(
    'have the same bits: %s',
    async (name) => {
      expect(await identityOn(name)).toEqual({ ...(await tiled), path: name });
    },
    2 * MINUTES,
  );

  it.each(['--no-liftoff', '--no-wasm-tier-up'])(
    'have the same bits whichever compiler V8 takes: %s',
    async (option) => {
      const name = names.find((one) => one.startsWith('wasm-')) ?? '';
      expect(await identityWith(option, name)).toEqual({ ...(await tiled), path: name });
    },
    2 * MINUTES,
  );

  it('count the same on one thread, two and three, and differ in nothing from their oracle', async () => {
    const { emulations } = await tiled;
    expect(emulations.length).toBe(3);
    expect(new Set(emulations).size).toBe(1);
    expect(emulations[0]).toMatch(/^[0-9a-f]+ with 0 differing values$/);
  });
});
