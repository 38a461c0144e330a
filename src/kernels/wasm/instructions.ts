import { type Code, signed, unsigned } from './emitter.ts';

/** The instructions that the kernels use, under the names of the specification (opcodes: core specification 2.0, section 5.4). */
type Unary = (operand: Code) => Code;
type Binary = (left: Code, right: Code) => Code;

const binary =
  (opcode: number): Binary =>
  (left, right) => [left, right, opcode];
const simd = (opcode: number): Code => [0xfd, ...unsigned(opcode)];
const simdUnary = (opcode: number): Unary => {
  const code = simd(opcode);
  return (operand) => [operand, code];
};
const simdBinary = (opcode: number): Binary => {
  const code = simd(opcode);
  return (left, right) => [left, right, code];
};
/** Alignment is only a hint; none is given, so the code is valid for every address. */
const memoryArgument = (offset: number): Code => [0, unsigned(offset)];

const read = (index: number): Code => [0x20, ...unsigned(index)];
/** The most frequent instruction by far is made once. */
const READS: readonly Code[] = Array.from({ length: 128 }, (_, index) => read(index));

export const local = {
  get: (index: number): Code => READS[index] ?? read(index),
  set: (index: number, value: Code): Code => [value, 0x21, ...unsigned(index)],
};

export const i32 = {
  const: (value: number): Code => [0x41, signed(value)],
  eq: binary(0x46),
  lt: binary(0x48),
  gt: binary(0x4a),
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c),
  and: binary(0x71),
  or: binary(0x72),
  shl: binary(0x74),
  shrUnsigned: binary(0x76),
  load16Unsigned: (address: Code, offset = 0): Code => [address, 0x2f, memoryArgument(offset)],
  load: (address: Code, offset = 0): Code => [address, 0x28, memoryArgument(offset)],
  store16: (address: Code, value: Code, offset = 0): Code => [address, value, 0x3b, memoryArgument(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, 0x36, memoryArgument(offset)],
  /** condition ? left : right, both computed. */
  select: (condition: Code, left: Code, right: Code): Code => [left, right, condition, 0x1b],
};

export const f32 = {
  const: (value: number): Code => [0x43, ...fourBytes((view) => view.setFloat32(0, value, true))],
  load: (address: Code, offset = 0): Code => [address, 0x2a, memoryArgument(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, 0x38, memoryArgument(offset)],
  add: binary(0x92),
  mul: binary(0x94),
  div: binary(0x95),
  max: binary(0x97),
  eq: binary(0x5b),
  gt: binary(0x5e),
};

export const v128 = {
  load: (address: Code, offset = 0): Code => [address, simd(0x00), memoryArgument(offset)],
  load16x4Unsigned: (address: Code, offset = 0): Code => [address, simd(0x04), memoryArgument(offset)],
  load32Splat: (address: Code, offset = 0): Code => [address, simd(0x09), memoryArgument(offset)],
  load32Zero: (address: Code, offset = 0): Code => [address, simd(0x5c), memoryArgument(offset)],
  load64Zero: (address: Code, offset = 0): Code => [address, simd(0x5d), memoryArgument(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, simd(0x0b), memoryArgument(offset)],
  load16Lane: (address: Code, value: Code, lane: number, offset = 0): Code => [address, value, simd(0x55), memoryArgument(offset), lane],
  load32Lane: (address: Code, value: Code, lane: number, offset = 0): Code => [address, value, simd(0x56), memoryArgument(offset), lane],
  store16Lane: (address: Code, value: Code, lane: number, offset = 0): Code => [address, value, simd(0x59), memoryArgument(offset), lane],
  store32Lane: (address: Code, value: Code, lane: number, offset = 0): Code => [address, value, simd(0x5a), memoryArgument(offset), lane],
  store64Lane: (address: Code, value: Code, lane: number, offset = 0): Code => [address, value, simd(0x5b), memoryArgument(offset), lane],
  zero: [simd(0x0c), Array.from({ length: 16 }, () => 0)] as Code,
  /** Four lanes of the f32 nearest to `value`. */
  f32Const: (value: number): Code => fourTimes((view) => view.setFloat32(0, value, true)),
  /** Four lanes of a 32-bit integer. */
  i32Const: (value: number): Code => fourTimes((view) => view.setInt32(0, value, true)),
  /** Four 32-bit integers. */
  i32Lanes: (lanes: readonly number[]): Code => [simd(0x0c), lanes.map((lane) => fourBytes((view) => view.setInt32(0, lane, true)))],
  /** Two lanes of a double. */
  f64Const: (value: number): Code => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, true);
    return [simd(0x0c), ...bytes, ...bytes];
  },
  and: simdBinary(0x4e),
  /** left and not right */
  andNot: simdBinary(0x4f),
  or: simdBinary(0x50),
  xor: simdBinary(0x51),
  /** Bits of left where mask has ones, of right elsewhere. */
  bitselect: (left: Code, right: Code, mask: Code): Code => [left, right, mask, simd(0x52)],
  anyTrue: simdUnary(0x53),
};

export const i8x16 = {
  /** Byte i of the result is byte lanes[i] of left, then right. */
  shuffle: (left: Code, right: Code, lanes: readonly number[]): Code => [left, right, simd(0x0d), ...lanes],
};

/** Byte indices of a shuffle that takes units of `size` bytes. */
export function unitsOf(size: number, from: readonly number[]): number[] {
  return from.flatMap((unit) => Array.from({ length: size }, (_, byte) => unit * size + byte));
}

export const i16x8 = {
  splat: simdUnary(0x10),
  eq: simdBinary(0x2d),
  sub: simdBinary(0x91),
  minUnsigned: simdBinary(0x97),
  maxUnsigned: simdBinary(0x99),
  /** Eight 16-bit lanes from two vectors of 32-bit lanes that hold 0 .. 65535. */
  narrowUnsigned: simdBinary(0x86),
};

export const i32x4 = {
  splat: simdUnary(0x11),
  extractLane: (vector: Code, lane: number): Code => [vector, simd(0x1b), lane],
  eq: simdBinary(0x37),
  gt: simdBinary(0x3b),
  add: simdBinary(0xae),
  sub: simdBinary(0xb1),
  shl: simdBinary(0xab),
  shrUnsigned: simdBinary(0xad),
};

export const f32x4 = {
  splat: simdUnary(0x13),
  extractLane: (vector: Code, lane: number): Code => [vector, simd(0x1f), lane],
  eq: simdBinary(0x41),
  ne: simdBinary(0x42),
  lt: simdBinary(0x43),
  gt: simdBinary(0x44),
  ge: simdBinary(0x46),
  abs: simdUnary(0xe0),
  neg: simdUnary(0xe1),
  sqrt: simdUnary(0xe3),
  add: simdBinary(0xe4),
  sub: simdBinary(0xe5),
  mul: simdBinary(0xe6),
  div: simdBinary(0xe7),
  max: simdBinary(0xe9),
  /** right < left ? right : left, lane by lane: a NaN on the left stays. */
  pmin: simdBinary(0xea),
  /** left < right ? right : left */
  pmax: simdBinary(0xeb),
  /** left times right plus sum, with one rounding or with two, as the processor likes: only for products that are exact in f32. */
  relaxedMultiplyAdd: (left: Code, right: Code, sum: Code): Code => [left, right, sum, simd(0x105)],
  demoteF64x2Zero: simdUnary(0x5e),
};

export const i64x2 = {
  /** 64-bit products of the first two, or the last two, 32-bit lanes. */
  multiplyLowUnsigned: simdBinary(0xde),
  multiplyHighUnsigned: simdBinary(0xdf),
};

export const f64x2 = {
  splat: simdUnary(0x14),
  convertLowI32x4: simdUnary(0xfe),
  promoteLowF32x4: simdUnary(0x5f),
  sqrt: simdUnary(0xef),
  mul: simdBinary(0xf2),
  div: simdBinary(0xf3),
};

/** Sets `bytes` bytes to the lowest byte of `value`. */
export function memoryFill(target: Code, value: Code, bytes: Code): Code {
  return [target, value, bytes, 0xfc, unsigned(11), 0];
}

export function ifThen(condition: Code, then: Code, otherwise: Code = []): Code {
  return [condition, 0x04, 0x40, then, flat(otherwise) ? [0x05, otherwise] : [], 0x0b];
}

/** Ends the function with a result. */
export function leaveWith(result: Code): Code {
  return [result, 0x0f];
}

/** `while (counter > 0) { body; counter-- }` on an i32 local. */
export function countDownFromAny(counter: number, body: Code): Code {
  return ifThen(local.get(counter), countDown(counter, body));
}

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
  const bytes = fourBytes(write);
  return [simd(0x0c), ...bytes, ...bytes, ...bytes, ...bytes];
}

function fourBytes(write: (view: DataView) => void): readonly number[] {
  const bytes = new Uint8Array(4);
  write(new DataView(bytes.buffer));
  return [...bytes];
}

/** Whether there is any code at all. */
function flat(code: Code): boolean {
  return code.some((item) => typeof item === 'number' || flat(item));
}
