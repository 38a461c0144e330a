import type { Dtype } from '../../model/index.ts';
import type { Gate } from '../gemm.ts';
import { activationInstructions } from './activations.ts';
import { roundToBf16Instructions, widenBf16 } from './bf16-lanes.ts';
import type { Code, WasmFunction } from './emitter.ts';
import { type EpilogueLoop, epilogueFunction, type Quad } from './epilogue-loop.ts';
import { advance, f32x4, i32x4, local, v128 } from './instructions.ts';

/**
 * Every epilogue of a matrix product on four lanes, operation by operation what `openEpilogue` does to one sum. There is a function for each dtype of the target
 * and, where an operand may be missing, for each case of it.
 */
export function epilogueFunctions(): WasmFunction[] {
  return (['f32', 'bf16'] as const).flatMap((dtype) => epilogues(dtype).map(epilogueFunction));
}

/** Name of an epilogue with what it has: `bias`, `sums`, `mask`, a gate. */
export function epilogueName(kind: string, dtype: Dtype, ...having: readonly string[]): string {
  return [kind, ...having, dtype].join(' ');
}

/** The target is operand 0. */
const TARGET = 0;
const GATES: readonly Gate[] = ['gelu', 'silu'];

function epilogues(dtype: Dtype): EpilogueLoop[] {
  const named = (kind: string, ...having: readonly string[]): string => epilogueName(kind, dtype, ...having);
  return [
    { name: named('add'), operands: [dtype], build: add },
    { name: named('addScaled'), operands: [dtype], scalars: ['f32'], build: addScaled },
    { name: named('mask'), operands: [dtype, dtype], build: mask },
    ...GATES.flatMap((gate): EpilogueLoop[] => [
      { name: named('gated', gate), operands: [dtype, 'f32'], build: (quad) => gated(quad, gate, false) },
      { name: named('gated', gate, 'sums'), operands: [dtype, 'f32', 'f32'], build: (quad) => gated(quad, gate, true) },
      { name: named('gatedBackward', gate), operands: [dtype, 'f32', 'f32', dtype], build: (quad) => gatedBackward(quad, gate, dtype) },
    ]),
    ...[[], ['bias']].flatMap((having): EpilogueLoop[] => {
      const [operands, hasBias] = [[dtype, ...having.map(() => 'f32' as const)], having.length > 0];
      return [
        { name: named('store', ...having), operands, build: (quad) => activated(quad, hasBias, (x) => local.get(x)) },
        { name: named('relu', ...having), operands, build: (quad) => activated(quad, hasBias, relu) },
        { name: named('gelu', ...having), operands, build: (quad) => activated(quad, hasBias, (x) => gelu(quad, x)) },
        { name: named('scores', ...having), operands, scalars: SCORE_SCALARS, build: (quad) => scores(quad, hasBias, null) },
        {
          name: named('scores', ...having, 'mask'),
          operands: [...operands, 'byte'],
          scalars: SCORE_SCALARS,
          build: (quad) => scores(quad, hasBias, operands.length),
        },
      ];
    }),
  ];
}

type Built = ReturnType<EpilogueLoop['build']>;

function add({ sum, load, store }: Quad): Built {
  return { step: store(TARGET, f32x4.add(load(TARGET), local.get(sum))) };
}

function addScaled({ sum, load, store, scalar }: Quad): Built {
  return { step: store(TARGET, f32x4.add(load(TARGET), f32x4.mul(f32x4.splat(local.get(scalar(0))), local.get(sum)))) };
}

function mask({ sum, load, store }: Quad): Built {
  return { step: store(TARGET, v128.and(local.get(sum), f32x4.gt(load(1), v128.zero))) };
}

/** activation(sum + bias) */
function activated({ declare, sum, load, store }: Quad, hasBias: boolean, activation: (x: number) => Code): Built {
  const x = declare();
  return { step: [local.set(x, hasBias ? f32x4.add(local.get(sum), load(1)) : local.get(sum)), store(TARGET, activation(x))] };
}

/** Quicker than `max`, and the same: NaN stays, and no sum is -0. */
function relu(x: number): Code {
  return f32x4.pmax(local.get(x), v128.zero);
}

function gelu({ declare, constants }: Quad, x: number): Code {
  const value = declare();
  return [activationInstructions('gelu', declare, constants).value(value, x), local.get(value)];
}

/** Operands: target, gateSums, and sums if they are kept. */
function gated({ declare, constants, sum, load, store }: Quad, gate: Gate, keepsSums: boolean): Built {
  const [gateSum, value] = [declare(), declare()];
  return {
    step: [
      local.set(gateSum, load(1)),
      activationInstructions(gate, declare, constants).value(value, gateSum),
      keepsSums ? store(2, local.get(sum)) : [],
      store(TARGET, f32x4.mul(local.get(value), local.get(sum))),
    ],
  };
}

/** Operands: target, gateSums, sums, dGateSums. */
function gatedBackward({ declare, constants, sum, load, store }: Quad, gate: Gate, dtype: Dtype): Built {
  const [gateSum, value, derivative, dHidden, before] = [declare(), declare(), declare(), declare(), declare()];
  const stored = dtype === 'f32' ? local.get(sum) : widenBf16(roundToBf16Instructions(declare, constants)(local.get(sum)));
  return {
    step: [
      local.set(gateSum, load(1)),
      local.set(before, load(2)),
      activationInstructions(gate, declare, constants).valueAndDerivative(value, derivative, gateSum),
      local.set(dHidden, stored),
      store(TARGET, f32x4.mul(local.get(dHidden), local.get(value))),
      store(3, f32x4.mul(f32x4.mul(local.get(dHidden), local.get(before)), local.get(derivative))),
    ],
  };
}

/** scale, column of the first sum, last column that the first row sees, and by how much later rows see more. */
const SCORE_SCALARS = ['f32', 'i32', 'i32', 'i32'] as const;

/** Operands: target, then bias and mask where they are. */
function scores({ declare, constants, sum, load, store, scalar }: Quad, hasBias: boolean, keyMask: number | null): Built {
  const [scale, firstColumn, lastSeen, moreSeen] = [0, 1, 2, 3].map(scalar);
  const [column, last, score] = [declare(), declare(), declare()];
  const scaled = f32x4.mul(local.get(sum), f32x4.splat(local.get(scale)));
  const later = i32x4.gt(local.get(column), local.get(last));
  const hidden = keyMask === null ? later : v128.or(later, i32x4.eq(load(keyMask), v128.zero));
  return {
    rowStart: [
      local.set(column, i32x4.add(i32x4.splat(local.get(firstColumn)), v128.i32Lanes([0, 1, 2, 3]))),
      local.set(last, i32x4.splat(local.get(lastSeen))),
      advance(lastSeen, local.get(moreSeen)),
    ],
    step: [
      local.set(score, hasBias ? f32x4.add(scaled, load(1)) : scaled),
      store(TARGET, v128.bitselect(constants.f32(Number.NEGATIVE_INFINITY), local.get(score), hidden)),
      local.set(column, i32x4.add(local.get(column), constants.i32(4))),
    ],
  };
}
