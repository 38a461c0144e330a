import type { CorePlan } from './plan.ts';
import { heldAt } from './weights.ts';

/** The first of the cores that store the same numbers of a parameter. */
export function firstHolder(cores: readonly CorePlan[], index: number, core: number): number {
  const { shardIndex, first } = heldAt(cores[core], index);
  return cores.findIndex(({ held }) => {
    const other = held[index];
    if (other === null) return false;
    const { copy, row, column } = other.first;
    return other.shardIndex === shardIndex && copy === first.copy && row === first.row && column === first.column;
  });
}
