/** Mesh axes that a layout may name; a device holds one coordinate of each. The last axis varies fastest over device numbers. */
export const MESH_AXES = ['data', 'fsdp', 'tensor', 'expert', 'pipeline', 'context'] as const;
export type MeshAxis = (typeof MESH_AXES)[number];

export interface LayoutSpec {
  /** Sizes of the mesh axes over ICI, -1 resolved; the product is the number of devices. */
  readonly ici: Readonly<Record<MeshAxis, number>>;
  /** The mesh axis that the experts are laid on; `none` keeps all experts on every device. */
  readonly expertsOver: 'data' | 'expert' | 'none';
  /** Gradient all-reduce runs behind the backward pass instead of after it. */
  readonly overlapGradients: boolean;
}

export function meshDevices(layout: LayoutSpec): number {
  return MESH_AXES.reduce((product, axis) => product * layout.ici[axis], 1);
}

/** Coordinate of a device along `axis`. */
export function axisCoordinate(layout: LayoutSpec, axis: MeshAxis, device: number): number {
  return Math.floor(device / strideOf(layout, axis)) % layout.ici[axis];
}

/** The groups of devices that differ only in their coordinate along `axis`, each in the order of that coordinate. */
export function axisGroups(layout: LayoutSpec, axis: MeshAxis): Uint32Array[] {
  const members = layout.ici[axis];
  const stride = strideOf(layout, axis);
  const groups: Uint32Array[] = [];
  for (let device = 0; device < meshDevices(layout); device++) {
    if (axisCoordinate(layout, axis, device) !== 0) continue;
    groups.push(Uint32Array.from({ length: members }, (_, coordinate) => device + coordinate * stride));
  }
  return groups;
}

/** Device numbers from one coordinate along `axis` to the next. */
function strideOf(layout: LayoutSpec, axis: MeshAxis): number {
  return MESH_AXES.slice(MESH_AXES.indexOf(axis) + 1).reduce((product, faster) => product * layout.ici[faster], 1);
}
