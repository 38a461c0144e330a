import { coordinatesOf, type Topology } from '../../hardware/index.ts';
import { membersPerChip } from './by-destination.ts';
import type { SliceMembers } from './slice-members.ts';
import { forEachPair, type Traffic } from './traffic.ts';

/** Traffic within one slice, as far as coordinates and single chips tell it apart. */
export interface SliceTraffic {
  /** Per dimension [side, side]: bytes from coordinate `row` to coordinate `column`, on the same chip too. */
  readonly alongAxis: readonly Float64Array[];
  /** [chips of the slice]: bytes from a chip to other chips of the slice, and to it. */
  readonly out: Float64Array;
  readonly into: Float64Array;
}

/** A matrix is read once: rows are summed by chip, chips by coordinate. */
export function sliceTraffic(topology: Topology, part: SliceMembers, members: number, traffic: Traffic): SliceTraffic {
  const chipOf = part.chips;
  if (traffic.kind === 'uniform') return ofUniform(topology, chipOf, traffic.bytesPerPair);
  return traffic.kind === 'matrix'
    ? ofMatrix(topology, part, chipOf, members, traffic.bytes)
    : ofPairs(topology, part, chipOf, members, traffic);
}

function ofUniform(topology: Topology, chipOf: Uint32Array, bytesPerPair: number): SliceTraffic {
  const made = emptyTraffic(topology);
  const perChip = membersPerChip(made.out.length, chipOf);
  for (let chip = 0; chip < perChip.length; chip++) {
    made.out[chip] = perChip[chip] * (chipOf.length - perChip[chip]) * bytesPerPair;
    made.into[chip] = made.out[chip];
  }
  for (const [axis, side] of topology.shape.entries()) {
    const counts = new Float64Array(side);
    for (let chip = 0; chip < perChip.length; chip++) counts[coordinate(topology, chip, axis)] += perChip[chip];
    for (let i = 0; i < side; i++) {
      for (let j = 0; j < side; j++) made.alongAxis[axis][i * side + j] = counts[i] * counts[j] * bytesPerPair;
    }
  }
  return made;
}

function ofMatrix(topology: Topology, part: SliceMembers, chipOf: Uint32Array, members: number, matrix: Float64Array): SliceTraffic {
  const made = emptyTraffic(topology);
  const { shape } = topology;
  const row = new Float64Array(made.out.length);
  const [x = 1, y = 1] = shape;
  const planes = row.length / (x * y);
  for (const [i, member] of part.members.entries()) {
    row.fill(0);
    const start = member * members;
    for (let j = 0; j < chipOf.length; j++) row[chipOf[j]] += matrix[start + part.members[j]];
    const from = chipOf[i];
    row[from] = 0;
    const at = coordinatesOf(shape, from);
    const rows = shape.map((side, axis) => made.alongAxis[axis].subarray(at[axis] * side, (at[axis] + 1) * side));
    let sent = 0;
    for (let plane = 0, chip = 0; plane < planes; plane++) {
      let inPlane = 0;
      for (let line = 0; line < y; line++) {
        let inLine = 0;
        for (let k = 0; k < x; k++, chip++) {
          const bytes = row[chip];
          inLine += bytes;
          rows[0][k] += bytes;
          made.into[chip] += bytes;
        }
        if (rows.length > 1) rows[1][line] += inLine;
        inPlane += inLine;
      }
      if (rows.length > 2) rows[2][plane] += inPlane;
      sent += inPlane;
    }
    made.out[from] += sent;
  }
  return made;
}

function ofPairs(topology: Topology, part: SliceMembers, chipOf: Uint32Array, members: number, traffic: Traffic): SliceTraffic {
  const made = emptyTraffic(topology);
  const chipOfMember = new Int32Array(members).fill(-1);
  for (const [i, member] of part.members.entries()) chipOfMember[member] = chipOf[i];
  forEachPair(traffic, members, (sender, receiver, bytes) => {
    const [from, to] = [chipOfMember[sender], chipOfMember[receiver]];
    if (from < 0 || to < 0 || from === to) return;
    made.out[from] += bytes;
    made.into[to] += bytes;
    for (const [axis, side] of topology.shape.entries()) {
      made.alongAxis[axis][coordinate(topology, from, axis) * side + coordinate(topology, to, axis)] += bytes;
    }
  });
  return made;
}

function emptyTraffic({ shape, chips, slices }: Topology): SliceTraffic {
  return {
    alongAxis: shape.map((side) => new Float64Array(side * side)),
    out: new Float64Array(chips / slices),
    into: new Float64Array(chips / slices),
  };
}

/** One coordinate of a chip counted within its slice. */
export function coordinate({ shape }: Pick<Topology, 'shape'>, chip: number, axis: number): number {
  let rest = chip;
  for (let k = 0; k < axis; k++) rest = Math.floor(rest / shape[k]);
  return rest % shape[axis];
}
