import { InputError } from '../base/index.ts';
import { type KernelPair, mebibytes, memoryError } from '../emulate/index.ts';
import {
  createKernelMemory,
  createNaiveTable,
  createPlainMemory,
  createScalarTable,
  createTiledTable,
  createWasmTable,
  type KernelMemory,
  type KernelSpeed,
  type OtherTiles,
  type WasmModule,
  type WasmVariant,
} from '../kernels/index.ts';
import { addressLimit } from './address-limit.ts';
import { NATIVE, type NativeLevel, openNativeTiles } from './native-tiles.ts';
import { releaseMemories } from './release-memories.ts';

/** How this process runs kernels: chosen once (see path-choice.ts), and sent to every thread. */
export interface KernelPath {
  /** For provenance; names what was tried when it is not the usual path. */
  readonly name: string;
  /** Null where kernels run in TypeScript. */
  readonly module: WasmModule | null;
  /** Of the module. */
  readonly variant: WasmVariant;
  /** Null where the module's own tiles are used. */
  readonly native: NativeLevel | null;
  /** What was measured when it was chosen; null in TypeScript. */
  readonly speed: KernelSpeed | null;
}

/** The path of machines that have none of the others; `reason` says why it was taken. */
export function typeScriptPath(reason = ''): KernelPath {
  return { name: reason === '' ? TYPESCRIPT : `${TYPESCRIPT} (${reason})`, module: null, variant: 'mul-add', native: null, speed: null };
}

/** Its name, as its table has it. */
export const TYPESCRIPT = 'tiled';

/** Whether threads can work on one memory. Where they cannot, one does everything. */
export function sharesMemory(): boolean {
  return typeof SharedArrayBuffer !== 'undefined';
}

/** Memory for `bytes` bytes on which the tables of a path can work. */
export function openMemory(bytes: number, { module }: Pick<KernelPath, 'module'>): KernelMemory {
  try {
    if (module === null) return createPlainMemory(bytes);
    if (addressLimit() < Number.POSITIVE_INFINITY) releaseMemories();
    return createKernelMemory(bytes);
  } catch (error) {
    const value = `${mebibytes(bytes)}: ${error instanceof Error ? error.message : String(error)}`;
    throw memoryError(value, 'the memory of the emulation must be granted by this machine');
  }
}

/** The two tables of a path over one memory: the fast one, and the one that checks it. */
export function openKernels(memory: KernelMemory, { module, variant, native }: KernelPath): KernelPair {
  if (module === null) return { fast: createTiledTable(memory), oracle: createNaiveTable(memory) };
  return {
    fast: createWasmTable(memory, module, variant, native === null ? null : openNative(memory, native)),
    oracle: createScalarTable(memory, module),
  };
}

/** Every thread opens the addon anew, in a comparison for every seed. */
function openNative(memory: KernelMemory, level: NativeLevel): OtherTiles {
  const opened = openNativeTiles(memory, level);
  if (opened.tiles !== null) return opened.tiles;
  const value = `${NATIVE}${level} (${opened.reason})`;
  const rule = 'the addon must stay what it was when the run began';
  throw new InputError([{ code: 'E_KERNELS', path: '--kernels', value, rule, remedy: 'run again; results do not depend on the path' }]);
}
