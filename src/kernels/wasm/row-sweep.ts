import { BYTES_PER_ELEMENT, type Dtype } from '../../model/index.ts';
import { type ElementStep, elementLoop, type Stream } from './element-loop.ts';
import type { Code } from './emitter.ts';
import { advance, i32, local } from './instructions.ts';

/** Declares a local of a function. */
export type Declare = (type: 'i32' | 'f32' | 'v128') => number;

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
export function rowSweep(declare: Declare, { columns, inputs, outputs, step }: RowSweep): Code {
  const pointers = new Map([...inputs, ...outputs].map(({ start }) => [start, -1]));
  for (const start of pointers.keys()) pointers.set(start, declare('i32'));
  const stream = ({ start, dtype }: Row): Stream => ({ pointer: pointers.get(start) ?? start, dtype });
  return [
    [...pointers].map(([start, pointer]) => local.set(pointer, local.get(start))),
    elementLoop(declare, { elements: columns, inputs: inputs.map(stream), outputs: outputs.map(stream), step }),
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
