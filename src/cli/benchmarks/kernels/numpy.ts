import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Io } from '../../io.ts';
import { PACKAGE_ROOT } from '../../version.ts';
import type { LayerPlan } from './memory-plan.ts';

/** NumPy in a process of its own, which waits to be told to run a layer (bench/numpy_switch_layer.py). */
export interface Numpy {
  readonly version: string;
  /** File of its BLAS. */
  readonly blas: string;
  readonly run: (experts: number) => Promise<NumpyTimes>;
  readonly close: () => void;
}

export interface NumpyTimes {
  readonly seconds: number;
  /** In matrix products of experts. */
  readonly gemmSeconds: number;
  readonly keptTokens: number;
}

const SCRIPT = join(PACKAGE_ROOT, 'bench', 'numpy_switch_layer.py');
/** Where systems keep their own packages; a python3 elsewhere mostly has none. */
const SYSTEM_FOLDER = '/usr/bin';

/** Starts a process whose BLAS has so many threads; a sentence where there is no NumPy with OpenBLAS on the path. */
export async function openNumpy(
  layers: readonly LayerPlan[],
  threads: number,
  env: Io['env'],
  signal: AbortSignal,
): Promise<Numpy | string> {
  const python = findPython(env.PATH ?? '');
  if (python === undefined) return 'NumPy is not compared with: no python3 on the path';
  const [{ layer }] = layers;
  const capacities = layers.map((one) => `${one.layer.experts}:${one.expertCapacity}`);
  const words = [SCRIPT, layer.tokens, layer.dModel, layer.dExpert, ...capacities].map(String);
  const child = spawn(python, words, { env: { ...env, OPENBLAS_NUM_THREADS: String(threads) }, stdio: 'pipe' });
  const ask = createAsker(child, signal);
  try {
    const { numpy, blas, error } = (await ask()) as { readonly numpy: string; readonly blas: string | null; readonly error?: string };
    if (error !== undefined) throw new Error(error);
    if (blas?.includes('openblas') !== true) throw new Error(`its BLAS is ${blas ?? 'unknown'}, not OpenBLAS`);
    return { version: numpy, blas, run: async (experts) => (await ask(String(experts))) as NumpyTimes, close: () => child.kill() };
  } catch (error) {
    child.kill();
    signal.throwIfAborted();
    return `NumPy is not compared with: ${python}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function findPython(path: string): string | undefined {
  const folders = path.split(delimiter);
  const inOrder = [...folders.filter((folder) => folder === SYSTEM_FOLDER), ...folders];
  return inOrder.map((folder) => join(folder, 'python3')).find(existsSync);
}

/** A function that sends a line (or nothing) and resolves with the next line of the answer; it rejects when the process ends, or the signal is aborted. */
function createAsker(child: ChildProcessWithoutNullStreams, signal: AbortSignal): (line?: string) => Promise<unknown> {
  const answers: string[] = [];
  let wake = (): void => undefined;
  let ended: string | undefined;
  let said = '';
  const end = (reason: string): void => {
    ended ??= reason;
    wake();
  };
  createInterface({ input: child.stdout }).on('line', (line) => {
    answers.push(line);
    wake();
  });
  child.stderr.on('data', (data) => {
    said += data;
  });
  child.stdin.on('error', () => undefined);
  child.on('error', (error) => end(error.message));
  child.on('close', (code) => end(said.trim().split('\n').at(-1) || `ended with ${code}`));
  signal.addEventListener('abort', () => child.kill(), { once: true });
  return async (line) => {
    if (line !== undefined) child.stdin.write(`${line}\n`);
    while (answers.length === 0 && ended === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    signal.throwIfAborted();
    const answer = answers.shift();
    if (answer === undefined) throw new Error(ended);
    return JSON.parse(answer);
  };
}
