/**
 * What a router answers: which token goes to which slot of which expert, and with what weight it comes back. One row per choice.
 * Routers whose tokens choose have row = token * k + choice; where experts choose, rows stand expert by expert. Readers look at `token`.
 */
export interface Assignment {
  /** [rows]: the token that the row belongs to. */
  readonly token: Int32Array;
  /** [rows]: the chosen expert, even when it has no room. */
  readonly expert: Int32Array;
  /** [rows]: the slot within the expert, 0 <= slot < C; -1 when the choice was dropped or never requested. */
  readonly slot: Int32Array;
  /** [rows]: 1 when the choice asked for a slot. */
  readonly requested: Uint8Array;
  /** [rows]: combine weight; 0 when the choice has no slot. */
  readonly weight: Float32Array;
}

/** An empty assignment of `rows` rows, `rows` / `tokens` of them for each token in turn. */
export function createAssignment(tokens: number, rows: number): Assignment {
  const perToken = rows / tokens;
  return {
    token: Int32Array.from({ length: rows }, (_, row) => Math.floor(row / perToken)),
    expert: new Int32Array(rows),
    slot: new Int32Array(rows),
    requested: new Uint8Array(rows),
    weight: new Float32Array(rows),
  };
}

/** Gives the choice at `row` its place in the queue: the slot at `position`, or none and no weight when that is past the capacity. */
export function seat(assignment: Assignment, row: number, position: number, expertCapacity: number): void {
  const kept = position < expertCapacity;
  assignment.requested[row] = 1;
  assignment.slot[row] = kept ? position : -1;
  if (!kept) assignment.weight[row] = 0;
}

/** Marks the choice at `row` as never requested. */
export function skip(assignment: Assignment, row: number): void {
  assignment.requested[row] = 0;
  assignment.slot[row] = -1;
  assignment.weight[row] = 0;
}
