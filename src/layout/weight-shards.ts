import { tensorShard, type WeightMatrix } from '../model/index.ts';
import type { LayoutSpec } from './layout-spec.ts';
import { along, axisSize, groupSize, type MeshAxis, type MeshGroup } from './mesh.ts';
import { shardsOf } from './shards.ts';

/**
 * Who holds what of a matrix. `rows x columns x copies` is the model's; a member of the tensor axis has one piece of the cut side, a member of the
 * experts' group its own experts: that is what a device multiplies with. Between uses the weight axes cut it further.
 */
export interface GradientGroups {
  /** Gradients are reduce-scattered over these, so that each device has that of what it stores. */
  readonly sharded: MeshGroup;
  /** Devices that store the same: what is left is summed over these. */
  readonly replicas: MeshGroup;
}

/** Axes over which a matrix is sharded between uses, and gathered before each (the axes of `embed` in AI-Hypercomputer/maxtext configs/base.yml). */
export function weightGroupOf(matrix: WeightMatrix, layout: LayoutSpec): MeshGroup {
  const travels = matrix.expert && layout.expertsOver === 'expert';
  const shardsData = layout.zero === 3 && !(matrix.expert && layout.expertsOver === 'data');
  const axes: MeshAxis[] = [...(shardsData ? (['data'] as const) : []), 'fsdp', 'context', ...(travels ? [] : (['expert'] as const))];
  return present(axes, layout);
}

/** Over which devices gradients of a matrix are summed; together the devices that met other tokens with the same weights. */
export function gradientGroupsOf(matrix: WeightMatrix, layout: LayoutSpec): GradientGroups {
  const sharded = weightGroupOf(matrix, layout);
  if (sharded.ici.includes('data')) return { sharded, replicas: NOBODY };
  if (!(matrix.expert && layout.expertsOver === 'data')) return { sharded, replicas: present(['data'], layout) };
  return { sharded, replicas: layout.dcn.data > 1 ? { ici: [], dcn: ['data'] } : NOBODY };
}

/** Elements that a device multiplies with: whole along the weight axes. */
export function gatheredElements(matrix: WeightMatrix, layout: LayoutSpec): number {
  const { rows, columns, copies } = tensorShard(matrix, axisSize(layout, 'tensor'));
  return (rows * columns * copies) / (matrix.expert ? shardsOf(layout).experts : 1);
}

/** Elements that a device keeps between uses. */
export function storedElements(matrix: WeightMatrix, layout: LayoutSpec): number {
  return gatheredElements(matrix, layout) / groupSize(layout, weightGroupOf(matrix, layout));
}

/** Part of a matrix that a device keeps between uses. */
export function storedShare(matrix: WeightMatrix, layout: LayoutSpec): number {
  return storedElements(matrix, layout) / (matrix.rows * matrix.columns * matrix.copies);
}

/** Elements that a device updates: what it stores, or its part of that where the data axis shards optimizer state. */
export function updatedElements(matrix: WeightMatrix, layout: LayoutSpec): number {
  return storedElements(matrix, layout) / updateShards(matrix, layout);
}

/** Pieces that the replicas of a matrix cut its update into. */
export function updateShards(matrix: WeightMatrix, layout: LayoutSpec): number {
  return layout.zero === 0 ? 1 : groupSize(layout, gradientGroupsOf(matrix, layout).replicas);
}

/** Members of the tensor axis that hold the same part of a matrix but multiply it with heads of their own, so that each has a part of its gradient. */
export function membersWithSameHeads({ cut, mostPieces }: WeightMatrix, layout: LayoutSpec): number {
  const members = axisSize(layout, 'tensor');
  return cut === 'none' || mostPieces === null || members <= mostPieces ? 1 : members / mostPieces;
}

const NOBODY: MeshGroup = { ici: [], dcn: [] };

/** The axes that have more than one member. */
function present(axes: readonly MeshAxis[], layout: LayoutSpec): MeshGroup {
  return along(...axes.filter((axis) => axisSize(layout, axis) > 1));
}
