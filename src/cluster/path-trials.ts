import { compileModule, createKernelMemory, type KernelMemory, TIMING_BYTES, type WasmModule, type WasmVariant } from '../kernels/index.ts';
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

/** Sets the flags of V8, times what compiles, and makes ready for self-checks. */
export function openTrials(moduleBytes: (variant: WasmVariant) => Uint8Array): Trials {
  if (!sharesMemory()) return noTrials('no shared memory, so one thread');
  try {
    setKernelFlags();
    // One memory for all that is tried. Each reserves addresses by the gigabyte, and a run needs up to three more: better no WebAssembly than a run that is refused.
    const [memory] = [Math.max(TIMING_BYTES, SELF_CHECK_BYTES), 0, 0, 0].map(createKernelMemory);
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
