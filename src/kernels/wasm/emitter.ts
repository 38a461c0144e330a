/**
 * A small WebAssembly assembler (core specification 2.0, sections 5.1 to 5.5: binary format). Code is a nested list of bytes; an instruction is a
 * function from the code of its operands to code, so kernels read as expressions: `f32x4.add(local.get(sum), f32x4.mul(a, b))`.
 */
export type Code = readonly (number | Code)[];

export type ValueType = 'i32' | 'f32' | 'f64' | 'v128';
const TYPE_BYTE: Readonly<Record<ValueType, number>> = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b };

/** A function. Parameters are locals 0, 1, ...; `declare` gives further ones. */
export interface WasmFunction {
  readonly name: string;
  /** How many, all i32; or the type of each. */
  readonly parameters: number | readonly ValueType[];
  /** What its body leaves on the stack; nothing where left out. */
  readonly result?: ValueType;
  readonly locals: readonly ValueType[];
  readonly body: Code;
}

/** Local variables of one function: they follow the parameters, and are declared as they are needed. */
interface Locals {
  readonly declared: readonly ValueType[];
  declare(type: ValueType): number;
}

export function localsAfter(parameters: number): Locals {
  const declared: ValueType[] = [];
  return {
    declared,
    declare(type) {
      declared.push(type);
      return parameters + declared.length - 1;
    },
  };
}

/** Unsigned LEB128: seven bits a byte, the least significant first. */
export function unsigned(value: number): readonly number[] {
  return SMALL[value] ?? manyBytes(value);
}

/** Numbers of one byte, which nearly all are: indices of locals, offsets, opcodes. */
const SMALL: readonly (readonly number[])[] = Array.from({ length: 128 }, (_, value) => [value]);

function manyBytes(value: number): readonly number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
}

/** Signed LEB128 of a 32-bit integer. */
export function signed(value: number): Code {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}

/** The bytes of a module that imports the shared memory `env.memory` and exports every function by its name. */
export function moduleBytes(functions: Iterable<WasmFunction>, maximumPages: number): Uint8Array {
  // Each body becomes bytes before the next function is asked for: its lists are many, and should be gone again soon.
  const assembled = Array.from(functions, (f) => ({ name: f.name, signature: signatureOf(f), body: functionBody(f) }));
  const memoryImport = [name('env'), name('memory'), 0x02, 0x03, unsigned(1), unsigned(maximumPages)];
  return joined([
    bytesOf([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]),
    ...section(1, [bytesOf(vector(assembled.map(({ signature }) => signature)))]),
    ...section(2, [bytesOf(vector([memoryImport]))]),
    ...section(3, [bytesOf(vector(assembled.map((_, i) => unsigned(i))))]),
    ...section(7, [bytesOf(vector(assembled.map((f, i) => [name(f.name), 0x00, unsigned(i)])))]),
    ...section(10, [bytesOf(unsigned(assembled.length)), ...assembled.flatMap(({ body }) => body)]),
  ]);
}

function signatureOf({ parameters, result }: WasmFunction): Code {
  const types = typeof parameters === 'number' ? Array.from({ length: parameters }, () => 'i32' as const) : parameters;
  return [0x60, vector(types.map((type) => [TYPE_BYTE[type]])), vector(result === undefined ? [] : [[TYPE_BYTE[result]]])];
}

function functionBody(f: WasmFunction): readonly Uint8Array[] {
  const locals = vector(f.locals.map((type) => [unsigned(1), TYPE_BYTE[type]]));
  return sized([bytesOf([locals, f.body, 0x0b])]);
}

function section(id: number, content: readonly Uint8Array[]): readonly Uint8Array[] {
  return [bytesOf([id]), ...sized(content)];
}

/** The length of all of `content`, then the content. */
function sized(content: readonly Uint8Array[]): readonly Uint8Array[] {
  return [bytesOf(unsigned(content.reduce((sum, { length }) => sum + length, 0))), ...content];
}

function vector(items: readonly Code[]): Code {
  return [unsigned(items.length), items];
}

function name(text: string): Code {
  return vector(Array.from(text, (character) => [character.charCodeAt(0)]));
}

/** Modules have a hundred thousand bytes, most of them in lists of two or three, so each is visited once. */
function bytesOf(code: Code): Uint8Array {
  const bytes: number[] = [];
  appendBytes(code, bytes);
  return Uint8Array.from(bytes);
}

function appendBytes(code: Code, bytes: number[]): void {
  for (let i = 0; i < code.length; i++) {
    const item = code[i];
    if (typeof item === 'number') bytes.push(item);
    else appendBytes(item, bytes);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
