import type { LayoutSpec, MeshAxis } from './mesh.ts';

/** How much of the batch and of the experts one device holds. */
export interface Shards {
  /** Pieces that the sequences of a batch are cut into, along the data axis. */
  readonly batch: number;
  /** Pieces that the experts of a layer are cut into. */
  readonly experts: number;
  /** The axis along which tokens travel to their experts; null when every device holds all experts. */
  readonly expertAxis: MeshAxis | null;
}

/** Device (or place along the data axis) that holds group `group` of `groups`: contiguous ranges, as an SPMD partition of an evenly cut axis has them. */
export function deviceOfGroup(group: number, groups: number, devices: number): number {
  return Math.floor((group * devices) / groups);
}

/** Device (or place along the axis of the experts) that holds expert `expert` of `experts`. */
export function deviceOfExpert(expert: number, experts: number, devices: number): number {
  return Math.floor((expert * devices) / experts);
}

export function shardsOf(layout: LayoutSpec): Shards {
  const expertAxis = layout.expertsOver === 'none' ? null : layout.expertsOver;
  return {
    batch: layout.ici.data,
    experts: expertAxis === null ? 1 : layout.ici[expertAxis],
    expertAxis,
  };
}
