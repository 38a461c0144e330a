import { type LayoutSpec, OPTIMIZERS, type Optimizer, shardsOf, stateBytes } from '../layout/index.ts';
import { type WeightMatrix, weightCount } from '../model/index.ts';
import type { Scenario } from '../scenario/index.ts';
import type { Block } from './block.ts';
import type { Emission } from './emit.ts';
import type { Sizes } from './sizes.ts';

/** A block whose gradients exist from task `gradientsFrom` on and may be used once `after` is done. */
export interface Reduced {
  readonly block: Block;
  readonly gradientsFrom: number;
  readonly after: readonly number[];
}

/**
 * Sums the replicated gradients of a block over the data axis. Returns what the next reduction and the update wait for: the collective, or the
 * last of `after` when there is nothing to send.
 */
export function emitReduction(
  { builder, plans }: Emission,
  layout: LayoutSpec,
  sizes: Sizes,
  block: Block,
  after: readonly number[],
): readonly number[] {
  const sharded = shardsOf(layout).experts > 1;
  const replicated = block.weights.filter((weights) => !(weights.expert && sharded));
  const bytes = weightCount(replicated) * sizes.activationBytes;
  if (layout.ici.data === 1 || bytes === 0) return after.slice(-1);
  const label = { name: `${block.name}: gradient all-reduce`, part: 'gradient all-reduce', stage: 'wgrad' as const };
  const plan = plans.row('all-reduce', 'data', bytes, null);
  return [builder.collective(label, { kind: 'all-reduce', meshAxis: 'data', plan }, after)];
}

/** One update per block; its gradients live until then, weights and optimizer state for the whole step. */
export function emitUpdates({ builder }: Emission, scenario: Scenario, sizes: Sizes, reduced: readonly Reduced[]): void {
  const { layout, precision } = scenario;
  const { optimizer } = scenario.workload;
  const rule: Optimizer = OPTIMIZERS[optimizer];
  const bytesPerWeight =
    rule.weightPasses * sizes.weightBytes + rule.gradientPasses * sizes.activationBytes + rule.statePassesPerWeight * 4;
  for (const { block, gradientsFrom, after } of reduced) {
    const count = localWeights(block.weights, layout);
    const task = builder.compute(
      { name: `${block.name}: ${optimizer}`, part: 'optimizer', stage: 'optim' },
      [{ matmuls: [], vectorOps: rule.vectorOpsPerWeight * count, hbmBytes: bytesPerWeight * count }],
      after,
    );
    builder.buffer('gradients', stateBytes(block.weights, layout, optimizer, precision).gradients, gradientsFrom, task);
  }
  const weights = reduced.flatMap(({ block }) => block.weights);
  const all = stateBytes(weights, layout, optimizer, precision);
  builder.buffer('weights', all.weights, -1, -1);
  builder.buffer('optimizer state', all.optimizer, -1, -1);
}

function localWeights(weights: readonly WeightMatrix[], layout: LayoutSpec): number {
  const shards = shardsOf(layout).experts;
  return weights.reduce((sum, matrix) => sum + weightCount([matrix]) / (matrix.expert ? shards : 1), 0);
}
