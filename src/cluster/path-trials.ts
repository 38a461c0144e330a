import type { Bytes } from '../base/index.ts';
import { compileModule, createKernelMemory, type KernelMemory, TIMING_BYTES, type WasmModule, type WasmVariant } from '../kernels/index.ts';
import { addressLimit } from './address-limit.ts';
import { type Candidate, calibrate, limitOf } from './calibration.ts';
import { type KernelPath, openKernels, sharesMemory } from './kernel-path.ts';
import { openSelfCheck, SELF_CHECK_BYTES } from './self-check.ts';
import { setKernelFlags } from './v8-flags.ts';

/** The paths that can be tried on this machine. */
export interface Trials {
  /** The fastest first. */
  readonly candidates: readonly Candidate[];
  /** Why there are none; empty where there are. */
  readonly reason: string;
  /** The path of a candidate, if all of its kernels pass the self-check; else the fault. Tried once. */
  readonly attempt: (candidate: Candidate) => KernelPath | string;
}

const GIBIBYTE = 2 ** 30;
/**
 * Each memory reserves 10 GiB of addresses, newer versions of V8 take whatever is left, and a run has up to four at a time. Where threads then find no room for themselves V8
 * ends the process: better no WebAssembly than that.
 */
const LEAST_ADDRESSES: Bytes = 48 * GIBIBYTE;

/** Sets the flags of V8, times what compiles, and makes ready for self-checks. */
export function openTrials(moduleBytes: (variant: WasmVariant) => Uint8Array): Trials {
  if (!sharesMemory()) return noTrials('no shared memory, so one thread');
  const addresses = addressLimit();
  if (addresses < LEAST_ADDRESSES) return noTrials(`no WebAssembly: ${(addresses / GIBIBYTE).toFixed(1)} GiB of addresses (ulimit -v)`);
  try {
    setKernelFlags();
    // One memory for all that is tried.
    const memory = createKernelMemory(Math.max(TIMING_BYTES, SELF_CHECK_BYTES));
    return { candidates: calibrate(memory, () => performance.now()), reason: '', attempt: openAttempts(memory, moduleBytes) };
  } catch (error) {
    return noTrials(`no WebAssembly SIMD: ${messageOf(error)}`);
  }
}

function noTrials(reason: string): Trials {
  return { candidates: [], reason, attempt: () => reason };
}

function openAttempts(memory: KernelMemory, moduleBytes: (variant: WasmVariant) => Uint8Array): Trials['attempt'] {
  const { findFault } = openSelfCheck();
  const compiled = new Map<WasmVariant, WasmModule>();
  const moduleOf = (variant: WasmVariant): WasmModule => {
    const module = compiled.get(variant) ?? compileModule(moduleBytes(variant));
    compiled.set(variant, module);
    return module;
  };
  const attempt: Trials['attempt'] = (candidate) => {
    try {
      const speed = { ...candidate.speed, limit: limitOf(candidate) };
      const path: KernelPath = { ...candidate, speed, module: moduleOf(candidate.variant) };
      return findFault(openKernels(memory, path).fast) ?? path;
    } catch (error) {
      return messageOf(error);
    }
  };
  const answers = new Map<string, KernelPath | string>();
  return (candidate) => {
    const answer = answers.get(candidate.name) ?? attempt(candidate);
    answers.set(candidate.name, answer);
    return answer;
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
