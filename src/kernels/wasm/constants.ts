import type { Code } from './emitter.ts';
import { local, v128 } from './instructions.ts';

/** Vectors that are the same in each step of a loop: four lanes of one number. */
export interface VectorConstants {
  f32(value: number): Code;
  i32(value: number): Code;
}

/** Written where they are used. */
export const CONSTANTS_IN_PLACE: VectorConstants = { f32: v128.f32Const, i32: v128.i32Const };

/**
 * Constants in locals, each once, for loops. V8 13.6 puts a vector constant together from pieces wherever it stands, and does not move it out of a loop as 11.3
 * did: with constants in locals an exponential takes two thirds of the time there. `declare` gives v128 locals.
 */
export function constantLocals(declare: () => number): VectorConstants & {
  /** Sets the locals of all constants that were asked for until now; runs before the loop. */
  readonly set: () => Code;
} {
  const locals = new Map<string, { readonly index: number; readonly value: Code }>();
  const keep = (value: Code): Code => {
    // As text, because the bytes tell -0 from 0.
    const key = String(value);
    const known = locals.get(key) ?? { index: declare(), value };
    locals.set(key, known);
    return local.get(known.index);
  };
  return {
    f32: (value) => keep(v128.f32Const(value)),
    i32: (value) => keep(v128.i32Const(value)),
    set: () => [...locals.values()].map(({ index, value }) => local.set(index, value)),
  };
}
