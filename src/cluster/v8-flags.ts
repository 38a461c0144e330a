import { setFlagsFromString } from 'node:v8';
import { isMainThread } from 'node:worker_threads';

/** What decides which flags V8 knows and needs. */
export interface Engine {
  /** As in `process.versions`. */
  readonly v8: string;
  /** Whether V8 was built with its revectorizer: Node's own builds are on x64, but not on macOS. */
  readonly revectorizes: boolean;
}

/** V8 has relaxed SIMD by default from this version on; Node 20 has an older one, Node 22 a newer. */
const RELAXED_SIMD_BY_DEFAULT = versionNumber('11.4');
/** Before this version (Node 24) the revectorizer does not find the pairs of our kernels. */
const USEFUL_REVECTORIZER = versionNumber('13.6');

/**
 * Flags that make V8 use vector instructions which it has but does not use by itself: fused multiply-add (relaxed SIMD), and 256-bit vectors, to which it
 * joins pairs of 128-bit ones (revectorizer, nodejs/node#54896). Chosen by version, because V8 complains about unknown flags on stderr.
 */
export function kernelFlags({ v8, revectorizes }: Engine = thisEngine()): readonly string[] {
  const version = versionNumber(v8);
  if (version < RELAXED_SIMD_BY_DEFAULT) return ['--experimental-wasm-relaxed-simd'];
  return revectorizes && version >= USEFUL_REVECTORIZER ? ['--experimental-wasm-revectorize'] : [];
}

/** Sets `kernelFlags` for this process and all its threads; from then on they hold for what is compiled. Only the main thread may. */
export function setKernelFlags(): void {
  if (isMainThread) for (const flag of kernelFlags()) setFlagsFromString(flag);
}

/**
 * Runs `compile` so that V8's best compiler takes every WebAssembly function when it is called for the first time, instead of in the background after a while.
 * What is measured right afterwards is then measured on a busy machine too. Not where the command line says how to compile.
 */
export function withBestCompiler<T>(compile: () => T): T {
  if (!isMainThread || process.execArgv.some((argument) => argument.includes('liftoff'))) return compile();
  setFlagsFromString('--no-liftoff');
  try {
    return compile();
  } finally {
    setFlagsFromString('--liftoff');
  }
}

function thisEngine(): Engine {
  const { v8_enable_wasm_simd256_revec: built } = process.config.variables as { readonly v8_enable_wasm_simd256_revec?: number };
  return { v8: process.versions.v8, revectorizes: built === 1 };
}

/** Orders versions by their first two numbers. */
function versionNumber(version: string): number {
  const [major, minor] = version.split('.').map(Number);
  return 1000 * major + minor;
}
