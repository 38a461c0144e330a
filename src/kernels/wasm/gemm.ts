import { BYTES_PER_ELEMENT, type Dtype } from '../../model/index.ts';
import { createBlockedGemm, type GemmEngine } from '../blocked-gemm.ts';
import type { Epilogue, GemmKernels, Matrix, Region } from '../gemm.ts';
import { openEpilogue } from '../plain/epilogue.ts';
import type { KernelMemory } from '../table.ts';
import type { TileKernel } from '../tile-kernel.ts';
import type { WasmFunction } from './emitter.ts';
import { epilogueFunctions, epilogueName } from './epilogues.ts';

/** The blocked product with the tiles of a path, and epilogues of a module with `gemmFunctions()`. */
export function createWasmGemm(
  tiles: { readonly plain: TileKernel; readonly fused: TileKernel },
  wasm: Record<string, unknown>,
  memory: KernelMemory,
): GemmKernels {
  return createBlockedGemm({ ...tiles, memory, finish: finishInLanes(wasm as Record<string, Exported>, memory) });
}

export function gemmFunctions(): WasmFunction[] {
  return epilogueFunctions();
}

type Exported = (...values: number[]) => void;

const LANES = 4;
const FLOAT_BYTES = 4;
/** More columns than a matrix has. */
const EVERY_COLUMN = 0x7fffffff;

/** Columns that do not fill a vector go element by element. */
function finishInLanes(wasm: Record<string, Exported>, memory: KernelMemory): GemmEngine['finish'] {
  const byDtype = { f32: openEpilogues(wasm, 'f32'), bf16: openEpilogues(wasm, 'bf16') };
  return ({ target, epilogue }, region, sums, sumBytes) => {
    const { column, rows, columns } = region;
    const quads = Math.floor(columns / LANES);
    if (rows === 0) return;
    if (quads > 0) runEpilogue(byDtype[target.dtype], target, epilogue, region, sums, sumBytes, quads);
    const whole = quads * LANES;
    if (whole === columns) return;
    const rest = { ...region, column: column + whole, columns: columns - whole };
    finishPlainly(memory, target, epilogue, rest, sums + whole * FLOAT_BYTES, sumBytes);
  };
}

function finishPlainly(memory: KernelMemory, target: Matrix, epilogue: Epilogue, region: Region, sums: number, sumBytes: number): void {
  const { row, column, rows, columns } = region;
  const finish = openEpilogue(memory, target, epilogue);
  for (let i = 0; i < rows; i++) {
    const values = new Float32Array(memory.buffer, sums + i * sumBytes, columns);
    for (let j = 0; j < columns; j++) finish(row + i, column + j, values[j]);
  }
}

/** The functions for one dtype of the target. */
function openEpilogues(wasm: Record<string, Exported>, dtype: Dtype) {
  const one = (kind: string, ...having: readonly string[]): Exported => wasm[epilogueName(kind, dtype, ...having)];
  const withBias = (kind: string) => ({ alone: one(kind), biased: one(kind, 'bias') });
  const withGate = (kind: string, ...having: readonly string[]) => ({
    gelu: one(kind, 'gelu', ...having),
    silu: one(kind, 'silu', ...having),
  });
  return {
    store: withBias('store'),
    relu: withBias('relu'),
    gelu: withBias('gelu'),
    gated: withGate('gated'),
    gatedKeepingSums: withGate('gated', 'sums'),
    gatedBackward: withGate('gatedBackward'),
    mask: one('mask'),
    add: one('add'),
    addScaled: one('addScaled'),
    scores: withBias('scores'),
    maskedScores: { alone: one('scores', 'mask'), biased: one('scores', 'bias', 'mask') },
  };
}

type Epilogues = ReturnType<typeof openEpilogues>;

/** Runs `quads` whole vectors of every row of a region. */
function runEpilogue(
  run: Epilogues,
  target: Matrix,
  epilogue: Epilogue,
  region: Region,
  sums: number,
  sumBytes: number,
  quads: number,
): void {
  const { row, column, rows } = region;
  const to = addressOf(target, row, column);
  const toBytes = rowBytes(target);
  switch (epilogue.kind) {
    case 'store':
    case 'relu':
    case 'gelu': {
      const { bias, kind } = epilogue;
      if (bias === null) run[kind].alone(sums, sumBytes, quads, rows, to, toBytes);
      else run[kind].biased(sums, sumBytes, quads, rows, to, toBytes, addressOf(bias, 0, column), 0);
      return;
    }
    case 'gated': {
      const { gate, gateSums, sums: kept } = epilogue;
      const [from, fromBytes] = [addressOf(gateSums, row, column), rowBytes(gateSums)];
      if (kept === null) run.gated[gate](sums, sumBytes, quads, rows, to, toBytes, from, fromBytes);
      else {
        const [keptTo, keptBytes] = [addressOf(kept, row, column), rowBytes(kept)];
        run.gatedKeepingSums[gate](sums, sumBytes, quads, rows, to, toBytes, from, fromBytes, keptTo, keptBytes);
      }
      return;
    }
    case 'mask': {
      const { mask } = epilogue;
      run.mask(sums, sumBytes, quads, rows, to, toBytes, addressOf(mask, row, column), rowBytes(mask));
      return;
    }
    case 'gatedBackward': {
      const { gate, gateSums, sums: before, dGateSums } = epilogue;
      const [gateFrom, beforeFrom] = [addressOf(gateSums, row, column), addressOf(before, row, column)];
      const [gateBytes, beforeBytes] = [rowBytes(gateSums), rowBytes(before)];
      const [dGateTo, dGateBytes] = [addressOf(dGateSums, row, column), rowBytes(dGateSums)];
      const backward = run.gatedBackward[gate];
      backward(sums, sumBytes, quads, rows, to, toBytes, gateFrom, gateBytes, beforeFrom, beforeBytes, dGateTo, dGateBytes);
      return;
    }
    case 'add':
      run.add(sums, sumBytes, quads, rows, to, toBytes);
      return;
    case 'addScaled':
      run.addScaled(sums, sumBytes, quads, rows, to, toBytes, epilogue.scale);
      return;
    case 'scores': {
      const { scale, bias, firstQuery, keyMask } = epilogue;
      const [lastSeen, moreSeen] = firstQuery === null ? [EVERY_COLUMN, 0] : [firstQuery + row, 1];
      const { alone, biased } = keyMask === null ? run.scores : run.maskedScores;
      const operands = bias === null ? [] : [addressOf(bias, row, column), rowBytes(bias)];
      if (keyMask !== null) operands.push(keyMask + column, 0);
      (bias === null ? alone : biased)(sums, sumBytes, quads, rows, to, toBytes, ...operands, scale, column, lastSeen, moreSeen);
      return;
    }
  }
}

function addressOf({ offset, stride, dtype }: Matrix, row: number, column: number): number {
  return offset + (row * stride + column) * BYTES_PER_ELEMENT[dtype];
}

function rowBytes({ stride, dtype }: Matrix): number {
  return stride * BYTES_PER_ELEMENT[dtype];
}
