import { chipCount, hostGrid, isTwisted, stridesOf, type WireSpec } from '../hardware/index.ts';
import { groupSize, type MeshGroup, type MeshSizes, partOfSides, type Side, sidesOfAxes } from '../layout/index.ts';

/** The members of a group along one dimension of the slice, which is one of `side / positions.length` groups on the same line of chips. */
export interface MemberLine {
  readonly axis: number;
  readonly side: number;
  /** Coordinates from the first member on, ascending. */
  readonly positions: readonly number[];
  /** Evenly spaced all around a wrapped dimension. */
  readonly ring: boolean;
  /** Parts of the side along which the stages of a pipeline differ, in chips; empty where all groups count. */
  readonly stages: readonly Side[];
}

/** How the groups of a mesh stand on the wires; all groups are alike but for where they begin. */
export interface GroupShape {
  readonly members: number;
  /** One entry per dimension along which members differ. */
  readonly lines: readonly MemberLine[];
  /** Of one group in one slice. */
  readonly chips: number;
  readonly membersPerChip: number;
  /** Groups that have members on the same chip. */
  readonly groupsPerChip: number;
  readonly slices: number;
  /** Chips of one host; 0 where no host is modelled. */
  readonly chipsPerHost: number;
  /** The group takes whole dimensions of a twisted torus, and the wraps lead to its own chips. */
  readonly twisted: boolean;
}

/** `ofStage`: only the groups of one stage of a pipeline count, as if the others had nothing to send. */
export function groupShape(wires: WireSpec, mesh: MeshSizes, group: MeshGroup, ofStage = false): GroupShape {
  const byAxis = sidesOfAxes(mesh.ici, wires);
  const all = group.ici.flatMap((axis) => byAxis[axis]);
  const sides = group.sameHeads === undefined ? all : partOfSides(all, group.sameHeads);
  const { shape, devicesPerChip, host } = wires;
  const stages = ofStage && !group.ici.includes('pipeline') ? byAxis.pipeline : [];
  const lines = shape.flatMap((_, axis) => lineAlong(wires, axis, sides, stages));
  const chips = lines.reduce((product, { positions }) => product * positions.length, 1);
  const members = groupSize(mesh, group);
  const slices = group.dcn.reduce((product, axis) => product * mesh.dcn[axis], 1);
  const membersPerChip = members / slices / chips;
  const stagesPerChip = stages.reduce((product, { size, stride }) => (stride < devicesPerChip ? product * size : product), 1);
  return {
    members,
    lines,
    chips,
    membersPerChip,
    groupsPerChip: devicesPerChip / membersPerChip / stagesPerChip,
    slices,
    chipsPerHost: host === undefined ? 0 : chipCount(hostGrid(shape, host.shape).block),
    twisted: isTwistedGroup(wires, lines),
  };
}

/** Wires from the farthest member to the other end, dimension by dimension. */
export function wiresAcross(lines: readonly MemberLine[]): number {
  return lines.reduce((sum, { positions, ring }) => sum + positions[ring ? positions.length >> 1 : positions.length - 1], 0);
}

/**
 * What the fullest wire of a line of chips carries one way, where hop i of every group on it carries `load(i)`. Members that stand apart pass over the
 * chips between them, and so do those of the other groups, each a little further on.
 */
export function fullestWire({ side, positions, ring, stages }: MemberLine, load: (hop: number) => number): number {
  const hops = ring ? positions.length : positions.length - 1;
  const carried = new Float64Array(side);
  const taken = new Uint8Array(side);
  for (let first = 0; first < side; first++) {
    if (taken[first] === 1 || !stages.every(({ size, stride }) => Math.floor(first / stride) % size === 0)) continue;
    for (const at of positions) taken[first + at] = 1;
    for (let hop = 0; hop < hops; hop++) {
      const end = hop + 1 < positions.length ? positions[hop + 1] : side;
      for (let at = positions[hop]; at < end; at++) carried[(first + at) % side] += load(hop);
    }
  }
  return carried.reduce((most, bytes) => Math.max(most, bytes), 0);
}

function lineAlong(
  { shape, wrap, twist, devicesPerChip }: WireSpec,
  axis: number,
  sides: readonly Side[],
  stages: readonly Side[],
): MemberLine[] {
  const side = shape[axis];
  const stride = devicesPerChip * stridesOf(shape)[axis];
  const isAlong = (part: Side): boolean => part.stride >= stride && part.stride < stride * side && part.size > 1;
  const positions = sides
    .filter(isAlong)
    .reduce((known, part) => known.flatMap((at) => Array.from({ length: part.size }, (_, i) => at + (i * part.stride) / stride)), [0])
    .sort((a, b) => a - b);
  if (positions.length === 1) return [];
  const spacing = side / positions.length;
  const own = stages.filter(isAlong).map((part) => ({ size: part.size, stride: part.stride / stride }));
  const closes = wrap[axis] && (twist?.[axis] ?? []).every((shift) => shift === 0);
  return [{ axis, side, positions, ring: closes && positions.every((at, i) => at === i * spacing), stages: own }];
}

function isTwistedGroup({ shape, wrap, twist }: WireSpec, lines: readonly MemberLine[]): boolean {
  if (twist === undefined || !isTwisted({ twist })) return false;
  const whole = shape.map((side, axis) => side === 1 || lines.some((line) => line.axis === axis && line.positions.length === side));
  const closed = lines.every(({ axis }) => whole[axis] && wrap[axis] && twist[axis].every((shift, other) => shift === 0 || whole[other]));
  return closed && lines.some(({ axis }) => twist[axis].some((shift) => shift !== 0));
}
