import { InputError, type Issue } from '../base/index.ts';
import { kernelModuleBytes, type WasmVariant } from '../kernels/index.ts';
import { type KernelPath, TYPESCRIPT, typeScriptPath } from './kernel-path.ts';
import { loadNativeAddon, NATIVE } from './native-tiles.ts';
import { openTrials, type Trials } from './path-trials.ts';

export interface ChoiceOptions {
  /** Name of the path to take; when absent, the fastest one that passes its self-check. */
  readonly kernels?: string;
  /** Modules in place of the kernels' own: for tests of modules that are broken. */
  readonly moduleBytes?: (variant: WasmVariant) => Uint8Array;
}

/** Paths are timed once in a process, so that everything in it takes the same. */
let own: Trials | undefined;
/**
 * The fastest path of this machine whose kernels all have the oracle's bits; else TypeScript, which needs nothing. For the main thread: the others are sent its answer.
 * A path that is asked for by name, and does not work here, is refused.
 */
export function chooseKernelPath({ kernels, moduleBytes }: ChoiceOptions = {}): KernelPath {
  return choose(moduleBytes === undefined ? ownTrials() : openTrials(moduleBytes), kernels);
}

/** Every path that works here, the fastest first. */
export function workingKernelPaths(): readonly KernelPath[] {
  return workingOf(ownTrials());
}

function workingOf({ candidates, attempt }: Trials): readonly KernelPath[] {
  return [...candidates.map(attempt).filter((path) => typeof path !== 'string'), typeScriptPath()];
}

function ownTrials(): Trials {
  own ??= openTrials(kernelModuleBytes);
  return own;
}

function choose(trials: Trials, wish: string | undefined): KernelPath {
  if (wish === TYPESCRIPT) return typeScriptPath();
  const faults: string[] = [];
  for (const candidate of trials.candidates) {
    if (wish !== undefined && wish !== candidate.name) continue;
    const path = trials.attempt(candidate);
    if (typeof path !== 'string') return faults.length === 0 ? path : { ...path, name: `${path.name} (${faults.join('; ')})` };
    faults.push(`${candidate.name}: ${path}`);
  }
  const reason = trials.reason === '' ? faults.join('; ') : trials.reason;
  if (wish === undefined) return typeScriptPath(reason);
  const names = workingOf(trials).map(({ name }) => name);
  throw new InputError([notHere(wish, names, reason === '' ? reasonWithoutAddon(wish) : reason)]);
}

/** Why there is no native path at all; empty where that is not what was asked for, or not the reason. */
function reasonWithoutAddon(wish: string): string {
  if (!wish.startsWith(NATIVE)) return '';
  const loaded = loadNativeAddon();
  return loaded.addon === null ? loaded.reason : '';
}

function notHere(wish: string, names: readonly string[], reason: string): Issue {
  return {
    code: 'E_KERNELS',
    path: '--kernels',
    value: reason === '' ? wish : `${wish} (${reason})`,
    rule: `must be a path that works here: ${names.join(', ')}`,
    remedy: 'leave --kernels out to take the fastest; results do not depend on it',
  };
}
