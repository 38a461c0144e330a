/**
 * What a router is asked: one group of tokens and its scores.
 * Letters in this room: S tokens of the group, E experts, k choices per token, C slots per expert.
 */
export interface RouterInput {
  /** S. */
  readonly tokens: number;
  /** E. */
  readonly experts: number;
  /** [S, E] row-major: softmax of the router logits in f32. */
  readonly probabilities: Float32Array;
  /** C, from a capacity rule; a whole number. */
  readonly expertCapacity: number;
  /** A uniform number in [0, 1) for token `token` of the group, the same on every call; only routers with a random second choice ask. */
  readonly draw: (token: number) => number;
}

/** What a router answers: choice c of token s stands at row s * topK + c. */
export interface Assignment {
  readonly topK: number;
  /** [S * k]: the chosen expert, even when it has no room. */
  readonly expert: Int32Array;
  /** [S * k]: the slot within the expert, 0 <= slot < C; -1 when the choice was dropped or never requested. */
  readonly slot: Int32Array;
  /** [S * k]: 1 when the choice asked for a slot. */
  readonly requested: Uint8Array;
  /** [S * k]: combine weight; 0 when the choice has no slot. */
  readonly weight: Float32Array;
}

/** One routing algorithm, a pure function of its input. */
export interface Router {
  /** Choices per token. */
  readonly topK: number;
  readonly title: string;
  /** Paper and code that the rule follows. */
  readonly source: string;
  /** `into`, an assignment of the same size, is overwritten and returned, so that a caller with many groups allocates once. */
  readonly route: (input: RouterInput, into?: Assignment) => Assignment;
}

export function createAssignment(tokens: number, topK: number): Assignment {
  const rows = tokens * topK;
  return {
    topK,
    expert: new Int32Array(rows),
    slot: new Int32Array(rows),
    requested: new Uint8Array(rows),
    weight: new Float32Array(rows),
  };
}
