import type { Bytes } from '../base/index.ts';
import { COLLECTIVES, type Collective, type CollectiveKind } from '../collectives/index.ts';
import type { Topology } from '../hardware/index.ts';
import { createMesh, type DeviceMesh, type LayoutSpec, type MeshGroup, meshCoordinate, meshGroups } from '../layout/index.ts';
import type { CollectivePlan } from './program.ts';

/** Collective plans of one program, each made once per (kind, group, bytes, stage) or matrix of bytes. */
export interface Plans {
  readonly all: readonly CollectivePlan[];
  /** Row of the plan in `all`. `stage`: of a pipeline, null for all devices. */
  row(kind: CollectiveKind, group: MeshGroup, bytes: Bytes, traffic: Float64Array | null, stage: number | null): number;
  /** Row of a plan for each device of one stage and its peer in another: the first sends to the second, or both sum what they have. */
  pairRow(kind: 'permute' | 'all-reduce', from: number, to: number, bytes: Bytes): number;
  /** [devices]: 1 for those of some stages. */
  deviceSet(...stages: readonly number[]): Uint8Array;
}

export function createPlans(topology: Topology, layout: LayoutSpec): Plans {
  const mesh = createMesh(layout, topology);
  const all: CollectivePlan[] = [];
  const rows = new Map<string, number>();
  const groups = createGroups(mesh);
  const traffics = new Map<Float64Array, number>();
  const remember = (key: string, make: () => CollectivePlan): number => {
    const row = rows.get(key) ?? all.push(make()) - 1;
    rows.set(key, row);
    return row;
  };
  return {
    all,
    row(kind, group, bytes, traffic, stage) {
      if (traffic !== null && !traffics.has(traffic)) traffics.set(traffic, traffics.size);
      const which = traffic === null ? bytes : `traffic ${traffics.get(traffic)}`;
      const key = `${kind} ${group.ici.join()} ${group.dcn.join()} ${group.sameHeads ?? ''} ${which} ${stage}`;
      return remember(key, () => planOf(topology, kind, groups(group, stage), bytes, traffic));
    },
    pairRow(kind, from, to, bytes) {
      return remember(`${kind} pairs ${from} ${to} ${bytes}`, () => pairPlan(topology, kind, pairsOf(mesh, from, to), bytes));
    },
    deviceSet: (...stages) =>
      Uint8Array.from({ length: mesh.devices }, (_, device) => (stages.includes(meshCoordinate(mesh, 'pipeline', device)) ? 1 : 0)),
  };
}

/** Groups along mesh axes, those of one stage or of all devices; each list made once. */
function createGroups(mesh: DeviceMesh): (group: MeshGroup, stage: number | null) => Uint32Array[] {
  const known = new Map<string, Uint32Array[]>();
  return (group, stage) => {
    const key = `${group.ici.join()} ${group.dcn.join()} ${group.sameHeads ?? ''} ${stage}`;
    const found = known.get(key) ?? meshGroups(mesh, group).filter((devices) => stage === null || stageOf(mesh, devices) === stage);
    known.set(key, found);
    return found;
  };
}

function stageOf(mesh: DeviceMesh, [first]: Uint32Array): number {
  return meshCoordinate(mesh, 'pipeline', first);
}

/** Devices that differ in their stage only, by twos. */
function pairsOf(mesh: DeviceMesh, from: number, to: number): Uint32Array[] {
  return meshGroups(mesh, { ici: ['pipeline'], dcn: ['pipeline'] }).map((members) => {
    const of = (stage: number) => members[members.findIndex((device) => meshCoordinate(mesh, 'pipeline', device) === stage)];
    return Uint32Array.of(of(from), of(to));
  });
}

function planOf(
  topology: Topology,
  kind: CollectiveKind,
  groups: readonly Uint32Array[],
  bytes: Bytes,
  traffic: Float64Array | null,
): CollectivePlan {
  const collective: Collective = COLLECTIVES[kind];
  const members = groups[0].length;
  const request = { topology, bytes, ...(traffic === null ? {} : { traffic }) };
  return {
    kind,
    groups: groups.map((devices) => collective.plan({ ...request, devices })),
    sentBytesPerDevice: traffic === null ? collective.sentBytesPerDevice(bytes, members) : bytesToOthers(traffic, members) / members,
  };
}

/** The second of a pair has nothing to send in a permutation. */
function pairPlan(topology: Topology, kind: 'permute' | 'all-reduce', pairs: readonly Uint32Array[], bytes: Bytes): CollectivePlan {
  const collective: Collective = COLLECTIVES[kind];
  const request = kind === 'permute' ? { topology, bytes, targets: Uint32Array.of(1, 1) } : { topology, bytes };
  const groups = pairs.map((devices) => collective.plan({ ...request, devices }));
  return { kind, groups, sentBytesPerDevice: collective.sentBytesPerDevice(bytes, 2) / (kind === 'permute' ? 2 : 1) };
}

/** Sum off the diagonal of [members, members]. */
export function bytesToOthers(traffic: Float64Array, members: number): Bytes {
  return traffic.reduce((sum, bytes, pair) => (pair % (members + 1) === 0 ? sum : sum + bytes), 0);
}
