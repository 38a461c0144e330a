/**
 * Mesh axes that a layout may name; a device holds one coordinate of each. The last axis varies fastest, so that those which exchange most are
 * nearest. `fsdp` cuts weights and batch, `tensor` cuts matrices (Mesh-TensorFlow's model axis), `context` cuts sequences, `expert` cuts experts and
 * batch, `pipeline` cuts layers, `data` the batch alone.
 */
export const MESH_AXES = ['data', 'pipeline', 'fsdp', 'context', 'tensor', 'expert'] as const;
export type MeshAxis = (typeof MESH_AXES)[number];

/** Axes that may also run over slices. */
export const DCN_AXES = ['data', 'pipeline', 'fsdp', 'expert'] as const satisfies readonly MeshAxis[];

/** Axes that cut the sequences of a batch. */
export const BATCH_AXES = ['data', 'fsdp', 'expert'] as const satisfies readonly MeshAxis[];

export type AxisSizes = Readonly<Record<MeshAxis, number>>;

/** Mesh axes of a group of devices: the part over the wires of a slice, and the part over slices. */
export interface MeshGroup {
  readonly ici: readonly MeshAxis[];
  readonly dcn: readonly MeshAxis[];
  /** Of the tensor axis only the so many members that hold the same heads of keys and values; all of them when absent. */
  readonly sameHeads?: number;
}

/** Groups of so many members of the tensor axis that hold the same heads; the same object for each number. */
export function holdersOfHeads(members: number): MeshGroup {
  HOLDERS[members] ??= { ici: ['tensor'], dcn: [], sameHeads: members };
  return HOLDERS[members];
}

const HOLDERS: MeshGroup[] = [];

/** The axes in both their parts. */
export function along(...axes: readonly MeshAxis[]): MeshGroup {
  return { ici: axes, dcn: axes };
}

/** What is shown of a group: `data`, `data+expert`, `data (slice)` where only the part within a slice is meant, `tensor (same heads)`. */
export function groupName({ ici, dcn, sameHeads }: MeshGroup): string {
  if (sameHeads !== undefined) return `${ici.join('+')} (same heads)`;
  if (ici.join() === dcn.join()) return ici.join('+');
  return dcn.length === 0 ? `${ici.join('+')} (slice)` : `${[...new Set([...ici, ...dcn])].join('+')} (slices)`;
}

export interface MeshSizes {
  /** Sizes over the devices of one slice, -1 resolved; the product is their number. */
  readonly ici: AxisSizes;
  /** Sizes over slices; the product is the number of slices. */
  readonly dcn: AxisSizes;
}

/** Members of an axis over all slices. */
export function axisSize({ ici, dcn }: MeshSizes, axis: MeshAxis): number {
  return ici[axis] * dcn[axis];
}

export function groupSize({ ici, dcn }: MeshSizes, group: MeshGroup): number {
  if (group.sameHeads !== undefined) return group.sameHeads;
  return group.ici.reduce((product, axis) => product * ici[axis], 1) * group.dcn.reduce((product, axis) => product * dcn[axis], 1);
}

/** Devices of one slice, and of all. */
export function sliceDevices({ ici }: Pick<MeshSizes, 'ici'>): number {
  return MESH_AXES.reduce((product, axis) => product * ici[axis], 1);
}

export function meshDevices(sizes: MeshSizes): number {
  return MESH_AXES.reduce((product, axis) => product * axisSize(sizes, axis), 1);
}
