import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Io } from '../../io.ts';
import { PACKAGE_ROOT } from '../../version.ts';

/** GFLOP/s of loops in registers, compiled from C (bench/register-loops.c); null for what this processor does not have. */
export interface CLimits {
  readonly mulAdd128: number;
  readonly fma128: number | null;
  readonly mulAdd256: number | null;
  readonly fma256: number | null;
  readonly mulAdd512: number | null;
  readonly fma512: number | null;
  readonly bf16x512: number | null;
}

export interface CLoops {
  readonly measure: (milliseconds: number) => Promise<CLimits>;
  /** Takes the compiled program away. */
  readonly close: () => Promise<void>;
}

const run = promisify(execFile);
const SOURCE = join(PACKAGE_ROOT, 'bench', 'register-loops.c');
/** Contracted, a product and a sum would be one instruction where two are to be measured. */
const FLAGS = ['-O2', '-march=native', '-ffp-contract=off'];

/** Compiles the loops into a temporary folder with CC or cc; a sentence where that does not work. */
export async function openCLoops(env: Io['env'], signal: AbortSignal): Promise<CLoops | string> {
  const compiler = env.CC !== undefined && env.CC !== '' ? env.CC : 'cc';
  const folder = await temporaryFolder();
  if (folder === undefined) return `no limits of C: nothing can be written to ${tmpdir()}`;
  const close = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const program = join(folder, process.platform === 'win32' ? 'register-loops.exe' : 'register-loops');
  try {
    const options = { env: { ...env, PATH: env.PATH ?? defaultPath() }, signal };
    await run(compiler, [...FLAGS, SOURCE, '-o', program], options);
    return {
      measure: async (milliseconds) => JSON.parse((await run(program, [String(milliseconds)], { signal })).stdout) as CLimits,
      close,
    };
  } catch (error) {
    await close();
    signal.throwIfAborted();
    return `no limits of C: ${compiler} does not compile here (${firstLine(error)})`;
  }
}

async function temporaryFolder(): Promise<string | undefined> {
  try {
    return await mkdtemp(join(tmpdir(), 'switchyard-bench-'));
  } catch {
    return undefined;
  }
}

function defaultPath(): string {
  return ['/usr/local/bin', '/usr/bin', '/bin'].join(delimiter);
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0];
}
