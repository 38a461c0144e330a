import { COLLECTIVES, type Collective, type CollectiveKind } from '../collectives/index.ts';
import type { Topology } from '../hardware/index.ts';
import { axisGroups, type LayoutSpec, type MeshAxis } from '../layout/index.ts';
import type { CollectivePlan } from './program.ts';

/** Collective plans of one program, each made once per (kind, axis, bytes). */
export interface Plans {
  readonly all: readonly CollectivePlan[];
  /** Row of the plan in `all`. */
  row(kind: CollectiveKind, axis: MeshAxis, bytes: number): number;
}

export function createPlans(topology: Topology, layout: LayoutSpec): Plans {
  const all: CollectivePlan[] = [];
  const rows = new Map<string, number>();
  return {
    all,
    row(kind, axis, bytes) {
      const key = `${kind} ${axis} ${bytes}`;
      const known = rows.get(key);
      if (known !== undefined) return known;
      const collective: Collective = COLLECTIVES[kind];
      const groups = axisGroups(layout, axis).map((devices) => collective.plan({ topology, devices, bytes }));
      const sentBytesPerDevice = collective.sentBytesPerDevice(bytes, layout.ici[axis]);
      const row = all.push({ kind, groups, sentBytesPerDevice }) - 1;
      rows.set(key, row);
      return row;
    },
  };
}
