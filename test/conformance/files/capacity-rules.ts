import { expect } from 'vitest';
import { CAPACITY_RULES } from '../../../src/routing/index.ts';
import type { VectorFile } from '../case.ts';

type Row = { readonly tokens: number; readonly experts: number; readonly cf: number; readonly k: number } & Readonly<
  Record<string, number | null>
>;

/** Column of the file -> rule of the registry, and what the rule is asked instead of the row's own k and cf. */
const COLUMNS: Readonly<Record<string, { readonly rule: string; readonly topK?: number; readonly capacityFactor?: number }>> = {
  mtf: { rule: 'mesh-tf' },
  flaxformer: { rule: 'flaxformer' },
  // The paper's own formula has no capacity factor, and is not rounded.
  gshard_paper_top2: { rule: 'gshard', topK: 2, capacityFactor: 1 },
  lingvo: { rule: 'lingvo' },
  vmoe_ceil: { rule: 'v-moe' },
  vmoe_round: { rule: 'v-moe-round' },
  deepspeed_top1: { rule: 'deepspeed', topK: 1 },
  deepspeed_top2: { rule: 'deepspeed', topK: 2 },
  deepspeed_topk: { rule: 'deepspeed' },
  tutel: { rule: 'tutel' },
  megablocks: { rule: 'megablocks' },
  maxtext: { rule: 'maxtext' },
};
const SIZES = ['tokens', 'experts', 'cf', 'k'];
/**
 * Formulas that the file prints with factors in another order than their implementations multiply them, and the registry with them: the last bit decides
 * where the exact product is a whole number. A row may hold what either order gives; the registry gives the second.
 */
const ORDERS: Readonly<Record<string, Readonly<Record<'printed' | 'multiplied', (row: Row) => number>>>> = {
  deepspeed_topk: {
    printed: ({ tokens, experts, cf, k }) => Math.max(Math.ceil((tokens / experts) * cf * k), 4),
    multiplied: ({ tokens, experts, cf, k }) => Math.max(Math.ceil((tokens / experts) * (cf * k)), 4),
  },
  megablocks: {
    printed: ({ tokens, experts, cf, k }) => Math.trunc((cf * k * tokens) / experts),
    multiplied: ({ tokens, experts, cf, k }) => Math.trunc(cf * ((k * tokens) / experts)),
  },
};

/** Slots per expert and group under the rule of every implementation. */
export function capacityRules({ rows }: { readonly rows: readonly Row[] }): VectorFile {
  const cases = rows.flatMap((row) =>
    Object.entries(row)
      .filter(([column]) => !SIZES.includes(column))
      .map(([column, slots]) => ({
        name: `${column}: ${row.tokens} tokens, ${row.experts} experts, cf ${row.cf}, k ${row.k}`,
        run: () => checkSlots(row, column, slots),
      })),
  );
  return { cases };
}

function checkSlots(row: Row, column: string, slots: number | null): void {
  expect(Object.keys(COLUMNS), `a rule for column ${column}`).toContain(column);
  // A rule for two choices says nothing about rows with another number.
  if (slots === null) {
    expect(row.k).not.toBe(COLUMNS[column].topK);
    return;
  }
  const { rule, topK = row.k, capacityFactor = row.cf } = COLUMNS[column];
  const ours = CAPACITY_RULES[rule].expertCapacity({ tokens: row.tokens, experts: row.experts, capacityFactor, topK });
  const orders = ORDERS[column];
  expect(ours).toBe(slots === orders?.printed(row) ? orders.multiplied(row) : Math.ceil(slots));
}
