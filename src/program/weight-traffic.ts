import type { Bytes } from '../base/index.ts';
import {
  gatheredElements,
  gradientGroupsOf,
  groupName,
  groupSize,
  holdersOfHeads,
  keptGradients,
  type LayoutSpec,
  type MeshGroup,
  membersWithSameHeads,
  storedElements,
  updatedElements,
} from '../layout/index.ts';
import { BYTES_PER_ELEMENT, type Dtype, type WeightMatrix } from '../model/index.ts';

/** Matrices of a weight group that are gathered and reduced over the same devices, as one block of numbers. Bytes of one device. */
export interface WeightBlock {
  /** Gathered over these before use, reduce-scattered over them after. */
  readonly sharded: MeshGroup;
  readonly isSharded: boolean;
  /** Gradients are summed over these. */
  readonly replicas: MeshGroup;
  readonly isReplicated: boolean;
  /** Members of the tensor axis with the same heads of keys and values, each with the gradient of its own queries, and the bytes of that; none of one. */
  readonly holders: MeshGroup;
  readonly heldGradientBytes: Bytes;
  /** Whole along the weight axes, in the type of the products. */
  readonly gatheredBytes: Bytes;
  /** As it is stored. */
  readonly storedBytes: Bytes;
  /** A copy of the shard in the type of the products, which is what is gathered; 0 where it is stored in that type, or not gathered. */
  readonly workingBytes: Bytes;
  /** Gradients: as products make them, and after the reduce-scatter. */
  readonly gradientBytes: Bytes;
  readonly shardGradientBytes: Bytes;
  /** As they wait for the update, and after the replicas have shared that. */
  readonly keptGradientBytes: Bytes;
  readonly updateGradientBytes: Bytes;
}

/** The precisions that weights and their gradients travel and are kept in. */
export interface WeightTypes {
  readonly matmul: Dtype;
  readonly weights: Dtype;
  readonly gradients: Dtype;
}

/** The blocks of some matrices, in the order in which they are first met: e.g. routers and norms, then experts. */
export function weightBlocks(matrices: readonly WeightMatrix[], layout: LayoutSpec, types: WeightTypes): WeightBlock[] {
  const byGroups = new Map<string, WeightMatrix[]>();
  for (const matrix of matrices) {
    const { sharded, replicas } = gradientGroupsOf(matrix, layout);
    const key = `${groupName(sharded)} ${groupName(replicas)}`;
    byGroups.set(key, [...(byGroups.get(key) ?? []), matrix]);
  }
  return Array.from(byGroups.values(), (alike) => weightBlock(alike, layout, types));
}

function weightBlock(alike: readonly WeightMatrix[], layout: LayoutSpec, { matmul, weights, gradients }: WeightTypes): WeightBlock {
  const { sharded, replicas } = gradientGroupsOf(alike[0], layout);
  const sum = (elements: (matrix: WeightMatrix, layout: LayoutSpec) => number): number =>
    alike.reduce((total, matrix) => total + elements(matrix, layout), 0);
  const gathered = sum(gatheredElements);
  const held = alike.filter((matrix) => membersWithSameHeads(matrix, layout) > 1);
  const stored = sum(storedElements);
  const isSharded = groupSize(layout, sharded) > 1;
  const kept = BYTES_PER_ELEMENT[keptGradients(isSharded, { weights, gradients })];
  return {
    sharded,
    isSharded,
    replicas,
    isReplicated: groupSize(layout, replicas) > 1,
    holders: holdersOfHeads(held.length === 0 ? 1 : membersWithSameHeads(held[0], layout)),
    heldGradientBytes: held.reduce((total, matrix) => total + storedElements(matrix, layout), 0) * BYTES_PER_ELEMENT[gradients],
    gatheredBytes: gathered * BYTES_PER_ELEMENT[matmul],
    storedBytes: stored * BYTES_PER_ELEMENT[weights],
    workingBytes: layout.offload.weights ? 0 : stored * workingBytesPerWeight(isSharded, { matmul, weights }),
    gradientBytes: gathered * BYTES_PER_ELEMENT[gradients],
    shardGradientBytes: stored * BYTES_PER_ELEMENT[gradients],
    keptGradientBytes: stored * kept,
    updateGradientBytes: sum(updatedElements) * kept,
  };
}

/** What memory profiles call the shards of weights in the type of the products. */
export const WORKING_COPY = 'weights as products read them';

/**
 * Shards are cast before they are gathered. Both passes gather the same, and a compiler that loops over layers casts all of them ahead of the loop: the copy
 * is there for the whole step ("parameter (working copy, if mixed precision)" in AI-Hypercomputer/maxtext
 * docs/guides/monitoring_and_debugging/understand_logs_and_metrics.md). Weights that come from the host are cast as they come.
 */
export function workingBytesPerWeight(isSharded: boolean, { matmul, weights }: Pick<WeightTypes, 'matmul' | 'weights'>): Bytes {
  return isSharded && BYTES_PER_ELEMENT[weights] > BYTES_PER_ELEMENT[matmul] ? BYTES_PER_ELEMENT[matmul] : 0;
}
