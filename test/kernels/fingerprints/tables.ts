import { f32Elements, planArena } from '../../../src/model/index.ts';
import { draws, fill, memory, productBits, tables } from '../products.ts';
import { type Prints, printOf } from './print.ts';

/** Matrix product and softmax of every kernel table; all tables must agree, so the name of the table is not part of the name. */
export function tablePrints(): Prints {
  const prints: Record<string, string> = {};
  const add = (name: string, path: string, print: string): void => {
    prints[name] ??= print;
    if (prints[name] !== print) throw new Error(`${path} gives other bits than ${tables[0].path} for the ${name}`);
  };
  for (const table of tables) {
    for (const dtype of ['f32', 'bf16'] as const) {
      const bits = productBits(table, { m: 47, k: 205, n: 51, left: dtype, right: dtype, next: draws(2) });
      add(`matrix product of ${dtype}`, table.path, printOf(bits));
    }
    const arena = planArena(64);
    const logits = arena.allocate([50, 64], 'f32');
    const probabilities = arena.allocate([50, 64], 'f32');
    const statistics = arena.allocate([2, 50], 'f32');
    const next = draws(3);
    fill(logits, () => next() * 20);
    table.softmax(logits, 0, probabilities, statistics);
    add('softmax of tables', table.path, printOf(...[probabilities, statistics].map((view) => f32Elements(memory.buffer, view))));
  }
  return { ...prints, 'kernel tables': tables.length >= 3 ? 'at least 3' : String(tables.length) };
}
