import type { KernelMemory, KernelTable } from '../table.ts';
import type { TileKernel } from '../tile-kernel.ts';
import { createTiledTable } from '../tiled-table.ts';
import { createWasmCrossEntropy, crossEntropyFunctions } from './cross-entropy.ts';
import { moduleBytes, type WasmFunction } from './emitter.ts';
import { createWasmGemm, gemmFunctions } from './gemm.ts';
import { instantiate, MAXIMUM_PAGES, type WasmModule } from './host.ts';
import { createWasmMatmul } from './matmul.ts';
import { createWasmMoves, movesFunctions } from './moves.ts';
import { createWasmNoise, noiseFunctions } from './noise.ts';
import { createWasmNorms, normsFunctions } from './norms.ts';
import { createWasmOptimizers, optimizersFunctions } from './optimizers.ts';
import { createScalarGemm, scalarFunctions } from './scalar.ts';
import { createWasmSoftmax, softmaxFunctions } from './softmax.ts';
import { openTiles, tileFunctions, WASM_VARIANTS, type WasmVariant } from './variants.ts';

/** The bytes of the kernel module of a variant. Compile them once (see `compileModule`); the module may be cloned to other threads. */
export function kernelModuleBytes(variant: WasmVariant = 'mul-add'): Uint8Array {
  return moduleBytes(kernelFunctions(variant), MAXIMUM_PAGES);
}

function* kernelFunctions(variant: WasmVariant): Generator<WasmFunction> {
  yield* tileFunctions(variant);
  yield* gemmFunctions();
  yield* softmaxFunctions();
  yield* normsFunctions();
  yield* crossEntropyFunctions();
  yield* movesFunctions();
  yield* optimizersFunctions();
  yield* noiseFunctions();
  yield* scalarFunctions();
}

/** Tile kernels that take the place of those of the module, under the name of their path. */
export interface OtherTiles {
  readonly path: string;
  readonly plain: TileKernel;
  readonly fused: TileKernel;
}

/** The SIMD path of a variant over one shared memory (see `createKernelMemory`), from its compiled module. */
export function createWasmTable(
  memory: KernelMemory,
  module: WasmModule,
  variant: WasmVariant = 'mul-add',
  otherTiles: OtherTiles | null = null,
): KernelTable {
  const wasm = instantiate(module, memory);
  const tiles = otherTiles ?? { path: WASM_VARIANTS[variant].path, ...openTiles(variant, wasm) };
  return {
    path: tiles.path,
    memory,
    ...createWasmMatmul(tiles.plain, memory),
    ...createWasmGemm(tiles, wasm, memory),
    ...createWasmSoftmax(wasm, memory),
    ...createWasmNorms(wasm),
    ...createWasmCrossEntropy(wasm, memory),
    ...createWasmMoves(wasm, memory),
    ...createWasmOptimizers(wasm, memory),
    ...createWasmNoise(wasm, memory),
  };
}

/**
 * The oracle of runs: the product as compiled plain loops, all else in TypeScript. It comes with the module of any variant, and shares the tiled table's product of routers,
 * which no run asks it for.
 */
export function createScalarTable(memory: KernelMemory, module: WasmModule): KernelTable {
  const tiled = createTiledTable(memory);
  return { ...tiled, path: 'wasm-scalar', ...createScalarGemm(instantiate(module, memory), memory, tiled) };
}
