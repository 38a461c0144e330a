import type { Bytes } from '../../base/index.ts';

/** Who sends how much to whom, by member of a group, in the form in which it is known. What a member has for itself is not sent. */
export type Traffic =
  | { readonly kind: 'uniform'; readonly bytesPerPair: Bytes }
  /** [members, members]: bytes from member `row` to member `column`. */
  | { readonly kind: 'matrix'; readonly bytes: Float64Array }
  | PairTraffic;

/** Structure of arrays, one entry per pair that has traffic. */
export interface PairTraffic {
  readonly kind: 'pairs';
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  readonly bytes: Float64Array;
}

/** Calls `visit` for every two members with traffic between them, by sender and then by receiver; uniform traffic in the same way. */
export function forEachPair(traffic: Traffic, members: number, visit: (from: number, to: number, bytes: Bytes) => void): void {
  if (traffic.kind === 'pairs') {
    for (let i = 0; i < traffic.from.length; i++) {
      if (traffic.from[i] !== traffic.to[i] && traffic.bytes[i] > 0) visit(traffic.from[i], traffic.to[i], traffic.bytes[i]);
    }
    return;
  }
  for (let from = 0; from < members; from++) {
    for (let to = 0; to < members; to++) {
      const bytes = traffic.kind === 'uniform' ? traffic.bytesPerPair : traffic.bytes[from * members + to];
      if (from !== to && bytes > 0) visit(from, to, bytes);
    }
  }
}

/** The same pairs in the order in which members would post them: all members to the next one, then all to the one after it. */
export function forEachPairInTurn(traffic: Traffic, members: number, visit: (from: number, to: number, bytes: Bytes) => void): void {
  if (traffic.kind === 'pairs') {
    forEachPair(traffic, members, visit);
    return;
  }
  for (let shift = 1; shift < members; shift++) {
    for (let from = 0; from < members; from++) {
      const to = (from + shift) % members;
      const bytes = traffic.kind === 'uniform' ? traffic.bytesPerPair : traffic.bytes[from * members + to];
      if (bytes > 0) visit(from, to, bytes);
    }
  }
}
