import type { ArenaPlan, TensorView } from '../../model/index.ts';
import type { KernelTable } from '../table.ts';

/**
 * Scratch of matrix products for each lane. Only one item runs on a lane at a time, so all layers of a model share it. Tables with equal gemmScratchElements may use one
 * plan; a table that asks for more may not.
 */
export function planLanes(arena: ArenaPlan, table: Pick<KernelTable, 'gemmScratchElements'>, lanes: number): readonly TensorView[] {
  return Array.from({ length: lanes }, () => arena.allocate([table.gemmScratchElements], 'f32'));
}
