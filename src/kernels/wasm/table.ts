import type { TensorView } from '../../model/index.ts';
import { softmaxRows, softmaxSizes } from '../softmax.ts';
import type { KernelMemory, KernelTable } from '../table.ts';
import { moduleBytes } from './emitter.ts';
import { instantiate, MAXIMUM_PAGES, type WasmModule } from './host.ts';
import { type MatmulExports, multiply, packedElements, packRight, scratchElements } from './matmul.ts';
import { packLeftFunction, packRightFunction } from './packing.ts';
import { softmaxFunction } from './softmax.ts';
import { TILE, tilesFunction } from './tiles.ts';

interface SoftmaxExports {
  softmax(source: number, sourceRowBytes: number, target: number, quads: number, rows: number, maxima: number, sums: number): void;
}

/** The bytes of the kernel module. Compile them once (see `compileModule`); the module may be cloned to other threads. */
export function kernelModuleBytes(): Uint8Array {
  const functions = [
    tilesFunction(TILE),
    packLeftFunction(TILE, 'f32'),
    packLeftFunction(TILE, 'bf16'),
    packRightFunction(TILE, 'f32'),
    packRightFunction(TILE, 'bf16'),
    softmaxFunction(),
  ];
  return moduleBytes(functions, MAXIMUM_PAGES);
}

/** The SIMD128 path over one shared memory (see `createKernelMemory`). */
export function createWasmTable(memory: KernelMemory, module: WasmModule): KernelTable {
  const wasm = instantiate(module, memory) as unknown as MatmulExports & SoftmaxExports;
  return {
    path: 'wasm-simd128',
    memory,
    packedElements,
    packRight: (b, packed) => packRight(wasm, memory, b, packed),
    scratchElements,
    matmul: (a, packed, c, scratch) => multiply(wasm, memory, a, packed, c, scratch),
    softmax: (logits, firstColumn, probabilities, statistics) => softmax(wasm, memory, logits, firstColumn, probabilities, statistics),
  };
}

const LANES = 4;
const FLOAT_BYTES = 4;

/** Rows whose columns do not fill whole vectors go the scalar way, which gives the same bits. */
function softmax(
  wasm: SoftmaxExports,
  memory: KernelMemory,
  logits: TensorView,
  firstColumn: number,
  probabilities: TensorView,
  statistics: TensorView,
): void {
  const [rows, width, experts] = softmaxSizes(logits, firstColumn, probabilities, statistics);
  if (experts % LANES !== 0) {
    softmaxRows(memory, logits, firstColumn, probabilities, statistics);
    return;
  }
  if (rows === 0) return;
  const source = logits.offset + firstColumn * FLOAT_BYTES;
  const sums = statistics.offset + rows * FLOAT_BYTES;
  wasm.softmax(source, width * FLOAT_BYTES, probabilities.offset, experts / LANES, rows, statistics.offset, sums);
}
