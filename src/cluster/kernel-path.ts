import { drawWords, Purpose } from '../base/index.ts';
import { type KernelPair, mebibytes, memoryError } from '../emulate/index.ts';
import {
  compileModule,
  createKernelMemory,
  createNaiveTable,
  createPlainMemory,
  createTiledTable,
  createWasmTable,
  type KernelMemory,
  type KernelTable,
  kernelModuleBytes,
  type WasmModule,
} from '../kernels/index.ts';
import { type ArenaPlan, f32Elements, planArena, type TensorView } from '../model/index.ts';

/** How this machine runs kernels: chosen once, and sent to every thread. */
export interface KernelPath {
  /** Null where WebAssembly SIMD does not work here. */
  readonly module: WasmModule | null;
  /** For provenance; names what was tried when it is not the usual path. */
  readonly name: string;
}

/** WebAssembly where it compiles and gives the oracle's bits, else TypeScript. */
export function chooseKernelPath(moduleBytes: Uint8Array = kernelModuleBytes()): KernelPath {
  try {
    const module = compileModule(moduleBytes);
    // One memory for all that is tried: each reserves addresses by the gigabyte.
    const memory = createKernelMemory(CHECK_BYTES);
    const name = openKernels(memory, { module, name: '' }).fast.path;
    return agreesWithOracle(memory, module) ? { module, name } : { module: null, name: `tiled (${name} failed its self-check)` };
  } catch (error) {
    return { module: null, name: `tiled (no WebAssembly SIMD: ${error instanceof Error ? error.message : String(error)})` };
  }
}

/** Memory for `bytes` bytes on which the tables of a path can work. */
export function openMemory(bytes: number, path: KernelPath): KernelMemory {
  try {
    return path.module === null ? createPlainMemory(bytes) : createKernelMemory(bytes);
  } catch (error) {
    const value = `${mebibytes(bytes)}: ${error instanceof Error ? error.message : String(error)}`;
    throw memoryError(value, 'the memory of the emulation must be granted by this machine');
  }
}

/** The two tables of a path over one memory: the fast one, and the one that checks it. */
export function openKernels(memory: KernelMemory, path: KernelPath): KernelPair {
  if (path.module === null) return { fast: createTiledTable(memory), oracle: createNaiveTable(memory) };
  return { fast: createWasmTable(memory, path.module), oracle: createTiledTable(memory) };
}

/** Odd sizes, so that full tiles and every edge take part. */
const CHECKED = { rows: 23, depth: 37, columns: 41 } as const;
const CHECK_BYTES = 1 << 20;

/** Runs a product and a softmax on the module and on the naive kernels, and compares every bit. */
function agreesWithOracle(memory: KernelMemory, module: WasmModule): boolean {
  const arena = planArena();
  const { rows, depth, columns } = CHECKED;
  const left = arena.allocate([rows, depth], 'f32');
  const right = arena.allocate([depth, columns], 'f32');
  fillRandom(memory, left, 1);
  fillRandom(memory, right, 2);
  const [fast, naive] = [createWasmTable(memory, module), createNaiveTable(memory)].map((table) => checkedBits(table, arena, left, right));
  return fast.length > 0 && fast.every((bits, i) => bits === naive[i]);
}

/** Bits of left x right and of its softmax by row. */
function checkedBits(table: KernelTable, arena: ArenaPlan, left: TensorView, right: TensorView): Uint32Array {
  const { rows, depth, columns } = CHECKED;
  const packed = arena.allocate([table.packedElements(depth, columns)], 'f32');
  const scratch = arena.allocate([table.scratchElements(rows, depth, columns)], 'f32');
  const results = arena.allocate([2, rows, columns], 'f32');
  const product: TensorView = { ...results, shape: [rows, columns] };
  const shares: TensorView = { ...product, offset: results.offset + rows * columns * Float32Array.BYTES_PER_ELEMENT };
  table.packRight(right, packed);
  table.matmul(left, packed, product, scratch);
  table.softmax(product, 0, shares, arena.allocate([2, rows], 'f32'));
  return new Uint32Array(table.memory.buffer, results.offset, 2 * rows * columns);
}

const WORD_RANGE = 0x1_0000_0000;

/** Uniform numbers in [-1, 1). */
function fillRandom(memory: KernelMemory, view: TensorView, stream: number): void {
  const values = f32Elements(memory.buffer, view);
  const words = new Uint32Array(4);
  for (let i = 0; i < values.length; i++) {
    if (i % words.length === 0) drawWords(words, { seed: 0, purpose: Purpose.test, layer: stream, token: 0 }, i / words.length);
    values[i] = (2 * words[i % words.length]) / WORD_RANGE - 1;
  }
}
