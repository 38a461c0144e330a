/**
 * Messages of blocks on their way outwards, as an algorithm tells them one by one. A block is cut into parts, and a part into two halves where
 * even rings need them. Which messages a message waits for follows from where the halves that it carries came from, so algorithms do not say it.
 */
export interface MessageLog {
  /** Halves of piece pairs: 1 the first, 2 the second, 3 both. */
  readonly halves: Uint8Array;
  /** Forgets where blocks are: the next part starts at its owners again. */
  startPart(part: number): void;
  /** The block of `owner` goes from one member to another one over a route. */
  tell(owner: number, from: number, to: number, route: number, halves: number): void;
  readonly count: () => number;
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  readonly route: Uint32Array;
  /** owner * parts + part. */
  readonly block: Uint32Array;
  /** Messages that brought the first and the second half, or -1; the second is -1 too where one message brought both. */
  readonly after: Int32Array;
  readonly afterSecond: Int32Array;
}

/** `most`: messages that there can be; `owners` of blocks that reach some of `members`. */
export function createMessageLog(most: number, owners: number, members: number, parts: number): MessageLog {
  const from = new Uint32Array(most);
  const to = new Uint32Array(most);
  const route = new Uint32Array(most);
  const block = new Uint32Array(most);
  const halves = new Uint8Array(most);
  const after = new Int32Array(most);
  const afterSecond = new Int32Array(most);
  // [distance from owner to member, owners]: the message that brought a half of the present part. Messages of one step go equally far, side by side here.
  const first = new Int32Array(owners * members);
  const second = new Int32Array(owners * members);
  let count = 0;
  let part = 0;
  return {
    halves,
    from,
    to,
    route,
    block,
    after,
    afterSecond,
    count: () => count,
    startPart(next) {
      part = next;
      first.fill(-1);
      second.fill(-1);
    },
    tell(owner, sender, receiver, way, carried) {
      const here = (sender < owner ? sender - owner + members : sender - owner) * owners + owner;
      const there = (receiver < owner ? receiver - owner + members : receiver - owner) * owners + owner;
      const a = (carried & 1) === 0 ? -1 : first[here];
      const b = (carried & 2) === 0 ? -1 : second[here];
      from[count] = sender;
      to[count] = receiver;
      route[count] = way;
      block[count] = owner * parts + part;
      halves[count] = carried;
      after[count] = a < 0 ? b : a;
      afterSecond[count] = a < 0 || a === b ? -1 : b;
      if ((carried & 1) !== 0) first[there] = count;
      if ((carried & 2) !== 0) second[there] = count;
      count++;
    },
  };
}
