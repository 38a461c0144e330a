import { type Code, signed, unsigned } from './emitter.ts';

/** The instructions that the kernels use, under the names of the specification (opcodes: core specification 2.0, section 5.4). */
type Unary = (operand: Code) => Code;
type Binary = (left: Code, right: Code) => Code;

const binary =
  (opcode: number): Binary =>
  (left, right) => [left, right, opcode];
const simd = (opcode: number): Code => [0xfd, unsigned(opcode)];
const simdUnary =
  (opcode: number): Unary =>
  (operand) => [operand, simd(opcode)];
const simdBinary =
  (opcode: number): Binary =>
  (left, right) => [left, right, simd(opcode)];
/** Alignment is only a hint; none is given, so the code is valid for every address. */
const memoryArgument = (offset: number): Code => [0, unsigned(offset)];

export const local = {
  get: (index: number): Code => [0x20, unsigned(index)],
  set: (index: number, value: Code): Code => [value, 0x21, unsigned(index)],
};

export const i32 = {
  const: (value: number): Code => [0x41, signed(value)],
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c),
  shl: binary(0x74),
  load16Unsigned: (address: Code, offset = 0): Code => [address, 0x2f, memoryArgument(offset)],
  load: (address: Code, offset = 0): Code => [address, 0x28, memoryArgument(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, 0x36, memoryArgument(offset)],
};

export const f32 = {
  store: (address: Code, value: Code, offset = 0): Code => [address, value, 0x38, memoryArgument(offset)],
  add: binary(0x92),
  max: binary(0x97),
};

export const v128 = {
  load: (address: Code, offset = 0): Code => [address, simd(0x00), memoryArgument(offset)],
  load16x4Unsigned: (address: Code, offset = 0): Code => [address, simd(0x04), memoryArgument(offset)],
  load32Splat: (address: Code, offset = 0): Code => [address, simd(0x09), memoryArgument(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, simd(0x0b), memoryArgument(offset)],
  zero: [simd(0x0c), Array.from({ length: 16 }, () => 0)] as Code,
  /** Four lanes of the f32 nearest to `value`. */
  f32Const: (value: number): Code => fourTimes((view) => view.setFloat32(0, value, true)),
  /** Four lanes of a 32-bit integer. */
  i32Const: (value: number): Code => fourTimes((view) => view.setInt32(0, value, true)),
  /** left and not right */
  andNot: simdBinary(0x4f),
};

export const i32x4 = {
  add: simdBinary(0xae),
  shl: simdBinary(0xab),
};

export const f32x4 = {
  splat: simdUnary(0x13),
  extractLane: (vector: Code, lane: number): Code => [vector, simd(0x1f), lane],
  lt: simdBinary(0x43),
  add: simdBinary(0xe4),
  sub: simdBinary(0xe5),
  mul: simdBinary(0xe6),
  div: simdBinary(0xe7),
  max: simdBinary(0xe9),
};

/** `do body while (condition)`: the body runs once at least. */
export function doWhile(body: Code, condition: Code): Code {
  return [0x03, 0x40, body, condition, 0x0d, 0x00, 0x0b];
}

/** `do body while (--counter)` on an i32 local that holds at least 1. */
export function countDown(counter: number, body: Code): Code {
  return doWhile(body, [local.get(counter), [0x41, 0x01], 0x6b, 0x22, unsigned(counter)]);
}

export function advance(pointer: number, bytes: Code): Code {
  return local.set(pointer, i32.add(local.get(pointer), bytes));
}

/** v128.const with the four bytes that `write` puts down, in every lane. */
function fourTimes(write: (view: DataView) => void): Code {
  const bytes = new Uint8Array(4);
  write(new DataView(bytes.buffer));
  return [simd(0x0c), ...bytes, ...bytes, ...bytes, ...bytes];
}
