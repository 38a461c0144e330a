import type { Bytes } from '../base/index.ts';
import { COLLECTIVES, type Collective, type CollectiveKind } from '../collectives/index.ts';
import type { Topology } from '../hardware/index.ts';
import { axisGroups, type LayoutSpec, type MeshAxis } from '../layout/index.ts';
import type { CollectivePlan } from './program.ts';

/** Collective plans of one program, each made once per (kind, axis, bytes) or matrix of bytes. */
export interface Plans {
  readonly all: readonly CollectivePlan[];
  /** Row of the plan in `all`. */
  row(kind: CollectiveKind, axis: MeshAxis, bytes: number, traffic: Float64Array | null): number;
}

export function createPlans(topology: Topology, layout: LayoutSpec): Plans {
  const all: CollectivePlan[] = [];
  const rows = new Map<string | Float64Array, number>();
  return {
    all,
    row(kind, axis, bytes, traffic) {
      const key = traffic ?? `${kind} ${axis} ${bytes}`;
      const known = rows.get(key);
      if (known !== undefined) return known;
      const collective: Collective = COLLECTIVES[kind];
      const request = { topology, bytes, ...(traffic === null ? {} : { traffic }) };
      const groups = axisGroups(layout, axis).map((devices) => collective.plan({ ...request, devices }));
      const members = layout.ici[axis];
      const sentBytesPerDevice =
        traffic === null ? collective.sentBytesPerDevice(bytes, members) : bytesToOthers(traffic, members) / members;
      const row = all.push({ kind, groups, sentBytesPerDevice }) - 1;
      rows.set(key, row);
      return row;
    },
  };
}

/** Sum off the diagonal of [members, members]. */
export function bytesToOthers(traffic: Float64Array, members: number): Bytes {
  return traffic.reduce((sum, bytes, pair) => (pair % (members + 1) === 0 ? sum : sum + bytes), 0);
}
