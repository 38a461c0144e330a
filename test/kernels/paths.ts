/** What tests and bench/kernels.ts share: every kernel path over one memory, and tensors to fill. */
import {
  bf16Bits,
  compileModule,
  createNaiveTable,
  createScalarTable,
  createTiledTable,
  createWasmTable,
  type KernelMemory,
  type KernelTable,
  kernelModuleBytes,
  WASM_VARIANTS,
  type WasmVariant,
} from '../../src/kernels/index.ts';
import { bf16Elements, elementCount, f32Elements, type TensorView } from '../../src/model/index.ts';

/** What compiles here, compiled once per process, as a run does: without its flag, older Node refuses fused multiply-add. */
export const MODULES = (Object.keys(WASM_VARIANTS) as WasmVariant[]).flatMap((variant) => {
  try {
    return [{ variant, module: compileModule(kernelModuleBytes(variant)) }];
  } catch {
    return [];
  }
});

/** The first is the oracle. */
export function allTables(memory: KernelMemory): readonly [KernelTable, ...KernelTable[]] {
  return [
    createNaiveTable(memory),
    createTiledTable(memory),
    ...MODULES.slice(0, 1).map(({ module }) => createScalarTable(memory, module)),
    ...MODULES.map(({ variant, module }) => createWasmTable(memory, module, variant)),
  ];
}

/** Row by row, as the elements lie in memory. */
export function fillTensor({ buffer }: KernelMemory, view: TensorView, valueAt: (index: number) => number): void {
  const count = elementCount(view.shape);
  if (view.dtype === 'f32') {
    const values = f32Elements(buffer, view);
    for (let i = 0; i < count; i++) values[i] = valueAt(i);
  } else {
    const bits = bf16Elements(buffer, view);
    for (let i = 0; i < count; i++) bits[i] = bf16Bits(valueAt(i));
  }
}
