import { coordinateAlong, coordinatesOf, type Topology } from '../../../hardware/index.ts';
import { membersByChip, type SliceMembers } from '../slice-members.ts';
import { forEachPair, type PairTraffic, type Traffic } from '../traffic.ts';

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
  if (traffic.kind === 'uniform') return ofUniform(topology, part, traffic.bytesPerPair);
  return traffic.kind === 'matrix' ? ofMatrix(topology, part, members, traffic.bytes) : ofPairs(topology, part, members, traffic);
}

function ofUniform(topology: Topology, part: SliceMembers, bytesPerPair: number): SliceTraffic {
  const made = emptyTraffic(topology);
  const perChip = membersByChip(topology, part);
  for (let chip = 0; chip < perChip.length; chip++) {
    made.out[chip] = perChip[chip] * (part.chips.length - perChip[chip]) * bytesPerPair;
    made.into[chip] = made.out[chip];
  }
  for (const [axis, side] of topology.shape.entries()) {
    const counts = new Float64Array(side);
    for (let chip = 0; chip < perChip.length; chip++) counts[coordinateAlong(topology.shape, chip, axis)] += perChip[chip];
    for (let i = 0; i < side; i++) {
      for (let j = 0; j < side; j++) made.alongAxis[axis][i * side + j] = counts[i] * counts[j] * bytesPerPair;
    }
  }
  return made;
}

function ofMatrix(topology: Topology, part: SliceMembers, members: number, matrix: Float64Array): SliceTraffic {
  const made = emptyTraffic(topology);
  const { shape } = topology;
  const { chips } = part;
  const row = new Float64Array(made.out.length);
  const [x = 1, y = 1] = shape;
  const planes = row.length / (x * y);
  for (const [i, member] of part.members.entries()) {
    row.fill(0);
    const start = member * members;
    for (let j = 0; j < chips.length; j++) row[chips[j]] += matrix[start + part.members[j]];
    const from = chips[i];
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

function ofPairs(topology: Topology, part: SliceMembers, members: number, traffic: PairTraffic): SliceTraffic {
  const made = emptyTraffic(topology);
  const chipOfMember = new Int32Array(members).fill(-1);
  for (const [i, member] of part.members.entries()) chipOfMember[member] = part.chips[i];
  forEachPair(traffic, members, (sender, receiver, bytes) => {
    const [from, to] = [chipOfMember[sender], chipOfMember[receiver]];
    if (from < 0 || to < 0 || from === to) return;
    made.out[from] += bytes;
    made.into[to] += bytes;
    for (const [axis, side] of topology.shape.entries()) {
      made.alongAxis[axis][coordinateAlong(topology.shape, from, axis) * side + coordinateAlong(topology.shape, to, axis)] += bytes;
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
