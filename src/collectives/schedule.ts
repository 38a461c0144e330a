/**
 * A collective as messages, in the order in which a program would post them: what `hop` simulates and what a symbolic run proves. Data is cut into
 * pieces; a message carries some pieces over one route, once the messages that it waits for have arrived.
 */
export interface Schedule {
  readonly pieces: PieceTable;
  readonly messages: MessageTable;
  /** Compressed rows: the links of route r, in order, are links[offsets[r]] .. links[offsets[r + 1] - 1]. */
  readonly routes: { readonly count: number; readonly offsets: Uint32Array; readonly links: Uint32Array };
}

/** Structure of arrays. */
export interface PieceTable {
  readonly count: number;
  readonly bytes: Float64Array;
  /** Device that holds the piece at the start; -1: every member holds its own term of a sum. */
  readonly source: Int32Array;
  /** Device that must have the piece (or the whole sum) at the end; -1: every member. */
  readonly target: Int32Array;
}

/** Structure of arrays; messages wait for earlier ones only. */
export interface MessageTable {
  readonly count: number;
  /** Devices. */
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  readonly route: Uint32Array;
  /** Sum over its pieces. */
  readonly bytes: Float64Array;
  /** 1: the receiver adds what arrives to its own partial sums; 0: what arrives takes their place. */
  readonly combines: Uint8Array;
  /** Compressed rows: the pieces of message m are pieces[pieceOffsets[m]] .. pieces[pieceOffsets[m + 1] - 1]. */
  readonly pieceOffsets: Uint32Array;
  readonly pieces: Uint32Array;
  /** Compressed rows: messages that must have arrived before m starts. */
  readonly afterOffsets: Uint32Array;
  readonly after: Uint32Array;
}
