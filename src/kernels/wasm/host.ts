import type { KernelMemory } from '../table.ts';

/**
 * The little of the WebAssembly JavaScript interface that this room needs. The core is compiled without the types of Node or of a browser,
 * so the global is read here, once, under a narrow type of its own.
 */
interface WebAssemblyHost {
  readonly Memory: new (limits: { initial: number; maximum: number; shared: boolean }) => KernelMemory;
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (
    module: WasmModule,
    imports: Record<string, Record<string, unknown>>,
  ) => { readonly exports: Record<string, unknown> };
}

/** A compiled module: opaque, and cloneable to other threads. */
export type WasmModule = object;

const BYTES_PER_PAGE = 65536;
/** Limit of 32-bit addresses; the modules declare it, so every memory made here fits them. */
export const MAXIMUM_PAGES = 65536;

function host(): WebAssemblyHost {
  const found = (globalThis as unknown as { readonly WebAssembly?: WebAssemblyHost }).WebAssembly;
  if (found === undefined) throw new Error('WebAssembly is switched off');
  return found;
}

/** A shared memory of at least `bytes` bytes that the tables of all threads can work on. It reserves room for the largest one; throws where there is none. */
export function createKernelMemory(bytes: number): KernelMemory {
  const pages = Math.max(1, Math.ceil(bytes / BYTES_PER_PAGE));
  return new (host().Memory)({ initial: pages, maximum: MAXIMUM_PAGES, shared: true });
}

/** The same for tables without a module: it works where WebAssembly is switched off, and reserves no more than it needs. Only shared where memory can be. */
export function createPlainMemory(bytes: number): KernelMemory {
  return { buffer: typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes) };
}

export function compileModule(bytes: Uint8Array): WasmModule {
  return new (host().Module)(bytes);
}

/** Instantiates a compiled module over `memory`; its exported functions by name. */
export function instantiate(module: WasmModule, memory: KernelMemory): Record<string, unknown> {
  return new (host().Instance)(module, { env: { memory } }).exports;
}
