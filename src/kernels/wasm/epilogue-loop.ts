import { BYTES_PER_ELEMENT, type Dtype } from '../../model/index.ts';
import { loadBf16, roundToBf16Instructions, storeLowHalves } from './bf16-lanes.ts';
import { constantLocals, type VectorConstants } from './constants.ts';
import { type Code, localsAfter, type ValueType, type WasmFunction } from './emitter.ts';
import { advance, countDown, i8x16, i32, local, v128 } from './instructions.ts';

/** What an epilogue reads or writes beside the sums, at the same rows and columns: numbers, or bytes (one for each column). */
type ElementType = Dtype | 'byte';

/** Four sums of a row, and what stands at the same place elsewhere. */
export interface Quad {
  /** A new v128 local. */
  declare(): number;
  readonly constants: VectorConstants;
  /** A v128 local with four sums, f32. */
  readonly sum: number;
  /** Four elements of an operand: numbers as f32 lanes, bytes as 32-bit lanes. */
  load(operand: number): Code;
  /** Four f32 lanes to an operand, rounded to its dtype. */
  store(operand: number, value: Code): Code;
  /** A parameter behind those of the operands. */
  scalar(index: number): number;
}

export interface EpilogueLoop {
  readonly name: string;
  /** The target first. */
  readonly operands: readonly ElementType[];
  readonly scalars?: readonly ValueType[];
  /** The code of one quad; `rowStart` runs before the first quad of a row. */
  readonly build: (quad: Quad) => { readonly rowStart?: Code; readonly step: Code };
}

const BYTES: Readonly<Record<ElementType, number>> = { ...BYTES_PER_ELEMENT, byte: 1 };
const LANES = 4;
const ZERO_EXTENDED = [16, 0, 0, 0, 17, 0, 0, 0, 18, 0, 0, 0, 19, 0, 0, 0];

/**
 * `name(sums, sumBytes, quads, rows, [address, rowBytes] of each operand, scalars)`: runs an epilogue over rows x quads of four columns, both at least 1. Sums are
 * f32, `sumBytes` from row to row; addresses are those of the first element of the region. Rows of an operand that is the same for each row are 0 bytes apart.
 */
export function epilogueFunction({ name, operands, scalars = [], build }: EpilogueLoop): WasmFunction {
  const [sums, sumBytes, quads, rows] = [0, 1, 2, 3];
  const addressOf = (operand: number): number => 4 + 2 * operand;
  const firstScalar = addressOf(operands.length);
  const parameters: ValueType[] = [...Array.from({ length: firstScalar }, () => 'i32' as const), ...scalars];
  const locals = localsAfter(parameters.length);
  const declare = (): number => locals.declare('v128');
  const constants = constantLocals(declare);
  const [read, left] = [locals.declare('i32'), locals.declare('i32')];
  const at = operands.map(() => locals.declare('i32'));
  const sum = declare();
  const load: Readonly<Record<ElementType, (address: Code) => Code>> = {
    f32: (address) => v128.load(address),
    bf16: (address) => loadBf16(address),
    byte: (address) => i8x16.shuffle(v128.zero, v128.load32Zero(address), ZERO_EXTENDED),
  };
  const { rowStart = [], step } = build({
    declare,
    constants,
    sum,
    load: (operand) => load[operands[operand]](local.get(at[operand])),
    store(operand, value) {
      const address = local.get(at[operand]);
      if (operands[operand] === 'f32') return v128.store(address, value);
      const bits = declare();
      return [local.set(bits, roundToBf16Instructions(declare, constants)(value)), storeLowHalves(address, bits)];
    },
    scalar: (index) => firstScalar + index,
  });
  const overRows = countDown(rows, [
    local.set(read, local.get(sums)),
    at.map((pointer, operand) => local.set(pointer, local.get(addressOf(operand)))),
    rowStart,
    local.set(left, local.get(quads)),
    countDown(left, [
      local.set(sum, v128.load(local.get(read))),
      step,
      advance(read, i32.const(LANES * BYTES.f32)),
      at.map((pointer, operand) => advance(pointer, i32.const(LANES * BYTES[operands[operand]]))),
    ]),
    advance(sums, local.get(sumBytes)),
    operands.map((_, operand) => advance(addressOf(operand), local.get(addressOf(operand) + 1))),
  ]);
  return { name, parameters, locals: locals.declared, body: [constants.set(), overRows] };
}
