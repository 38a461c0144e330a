import {
  along,
  axisSize,
  BATCH_AXES,
  type DeviceMesh,
  groupName,
  groupSize,
  type LayoutSpec,
  type MeshGroup,
  meshCoordinate,
  meshGroups,
} from '../../layout/index.ts';

/** Who exchanges with whom along a group of axes. */
export interface Fellows {
  readonly name: string;
  /** Members of a group. */
  readonly size: number;
  /** [cores]: all members of a core's group in the order of their places, itself among them. */
  readonly membersOf: readonly (readonly number[])[];
  /** [cores]: which of them the core is. */
  readonly indexOf: readonly number[];
}

export function fellowsAlong(mesh: DeviceMesh, group: MeshGroup): Fellows {
  const membersOf: (readonly number[])[] = [];
  const indexOf: number[] = [];
  for (const row of meshGroups(mesh, group)) {
    const members = [...row];
    for (const [index, core] of members.entries()) {
      membersOf[core] = members;
      indexOf[core] = index;
    }
  }
  return { name: groupName(group), size: groupSize(mesh, group), membersOf, indexOf };
}

/** Which part of the batch a core has: the axes that cut it count in the order of the mesh. */
export function batchPlace(mesh: DeviceMesh, core: number): number {
  return BATCH_AXES.reduce((place, axis) => place * axisSize(mesh, axis) + meshCoordinate(mesh, axis, core), 0);
}

/** Parts that the tokens between sub-layers are cut into: one for each member of the tensor axis where those share them. */
export function streamParts(layout: LayoutSpec): number {
  return layout.tensorActivations === 'sharded' ? axisSize(layout, 'tensor') : 1;
}

/** The tensor axis while gradients of gains are summed over it: their bytes are counted apart, because the program does not send them. */
export const GAINS_OVER_TENSOR = 'tensor (gains)';

/** The axes that cut the batch: their members together have every token once. */
export function batchGroup(layout: LayoutSpec): MeshGroup {
  return along(...BATCH_AXES.filter((axis) => axisSize(layout, axis) > 1));
}

/** A group while it adds up counts of choices, which the program does not send either. */
export function countsOver(group: MeshGroup): string {
  return `${groupName(group)} (counts)`;
}
