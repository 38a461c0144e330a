import { BYTES_PER_ELEMENT, type Dtype } from '../../model/index.ts';
import { constantLocals, type VectorConstants } from './constants.ts';
import { type ElementStep, elementLoop, type Stream } from './element-loop.ts';
import { type Code, localsAfter, type ValueType, type WasmFunction } from './emitter.ts';
import { advance, i32, local } from './instructions.ts';

/** What the body of a function is written with: locals, and constants that are set before it. */
export interface Scope {
  readonly declare: (type: 'i32' | 'f32' | 'v128') => number;
  readonly constants: VectorConstants;
}

export function rowFunction(head: Pick<WasmFunction, 'name' | 'parameters' | 'result'>, build: (scope: Scope) => Code): WasmFunction {
  const { parameters } = head;
  const locals = localsAfter(typeof parameters === 'number' ? parameters : parameters.length);
  const constants = constantLocals(() => locals.declare('v128'));
  const body = build({ declare: locals.declare, constants });
  return { ...head, locals: locals.declared, body: [constants.set(), body] };
}

/** Parameters of a function: addresses and counts, then numbers. */
export function withNumbers(addresses: number, numbers: number): ValueType[] {
  return Array.from({ length: addresses + numbers }, (_, i) => (i < addresses ? 'i32' : 'f32'));
}

/** The current row of a tensor: a local with the address of its first element, which stays there. */
export interface Row {
  readonly start: number;
  readonly dtype: Dtype;
}

export interface RowSweep {
  /** A local with the number of columns. */
  readonly columns: number;
  readonly inputs: readonly Row[];
  /** May be inputs too. */
  readonly outputs: readonly Row[];
  readonly step: ElementStep;
}

/** Runs a step over the columns of the current rows, as often as a row is needed. */
export function rowSweep({ declare, constants }: Scope, { columns, inputs, outputs, step }: RowSweep): Code {
  const pointers = new Map([...inputs, ...outputs].map(({ start }) => [start, -1]));
  for (const start of pointers.keys()) pointers.set(start, declare('i32'));
  const stream = ({ start, dtype }: Row): Stream => ({ pointer: pointers.get(start) ?? start, dtype });
  return [
    [...pointers].map(([start, pointer]) => local.set(pointer, local.get(start))),
    elementLoop(declare, { elements: columns, inputs: inputs.map(stream), outputs: outputs.map(stream), step, constants }),
  ];
}

/** Goes on to the next row of tensors whose rows lie one behind the other. */
export function nextRows(columns: number, rows: readonly Row[]): Code {
  return rows.map(({ start, dtype }) => advance(start, i32.mul(local.get(columns), i32.const(BYTES_PER_ELEMENT[dtype]))));
}

/** `f32` is `F32` in names of functions. */
export function nameOf(kind: string, ...dtypes: readonly Dtype[]): string {
  return kind + dtypes.map((dtype) => (dtype === 'f32' ? 'F32' : 'Bf16')).join('');
}
