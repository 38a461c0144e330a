import { expect } from 'vitest';
import { createKernelMemory } from '../../src/kernels/index.ts';
import { f32Elements, planArena } from '../../src/model/index.ts';
import { type Assignment, createRouter, type OptionValues, type Router, type RouterInput } from '../../src/routing/index.ts';
import { allTables } from '../kernels/paths.ts';

let memory = createKernelMemory(4 << 20);
let tables = allTables(memory);

/** Every kernel path over a memory that holds a plan. */
function tablesOver(bytes: number): typeof tables {
  if (memory.buffer.byteLength < bytes) {
    memory = createKernelMemory(bytes);
    tables = allTables(memory);
  }
  return tables;
}

export interface Scores {
  readonly probabilities: Float32Array;
  /** Mean over the tokens of (log sum of exp)^2 needs these: [2, S] row maxima and sums. */
  readonly statistics: Float32Array;
}

/** Softmax of logits [S, E] as a run computes it, on every kernel path; all of them must give the same bits. */
export function softmaxOf(logits: ArrayLike<number>, tokens: number, experts: number): Scores {
  expect(logits.length, 'logits').toBe(tokens * experts);
  const arena = planArena(64);
  const source = arena.allocate([tokens, experts], 'f32');
  const probabilities = arena.allocate([tokens, experts], 'f32');
  const statistics = arena.allocate([2, tokens], 'f32');
  const answers = tablesOver(arena.bytes).map((table) => {
    f32Elements(memory.buffer, source).set(logits);
    table.softmax(source, 0, probabilities, statistics);
    return { probabilities: f32Elements(memory.buffer, probabilities).slice(), statistics: f32Elements(memory.buffer, statistics).slice() };
  });
  const oracle = bitsOf(answers[0].probabilities);
  for (const answer of answers) {
    const differs = bitsOf(answer.probabilities).findIndex((bits, i) => bits !== oracle[i]);
    expect(differs, 'first probability in which the kernel paths differ').toBe(-1);
  }
  return answers[0];
}

export interface Routed extends Scores {
  readonly router: Router;
  readonly input: RouterInput;
  readonly assignment: Assignment;
}

/** Routes logits [S][E] with a router of the registry. */
export function routed(
  name: string,
  options: OptionValues,
  rows: readonly (readonly number[])[],
  expertCapacity: number,
  more: Partial<RouterInput> = {},
): Routed {
  const [tokens, experts] = [rows.length, rows[0].length];
  const logits = Float32Array.from(rows.flat());
  const scores = softmaxOf(logits, tokens, experts);
  const router = createRouter(name, options);
  const input: RouterInput = {
    ...{ tokens, experts, expertCapacity, logits, training: true, draw: () => 0 },
    probabilities: scores.probabilities,
    ...more,
  };
  return { ...scores, router, input, assignment: router.route(input) };
}

/** [S][k] of a column whose rows stand token by token. */
export function byToken<Value>(column: ArrayLike<Value>, tokens: number): Value[][] {
  const perToken = column.length / tokens;
  return Array.from({ length: tokens }, (_, token) => Array.from(column).slice(token * perToken, (token + 1) * perToken));
}

/** 1 where the row has a slot. */
export const keptOf = ({ slot }: Assignment): number[] => Array.from(slot, (seat) => (seat >= 0 ? 1 : 0));

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}
