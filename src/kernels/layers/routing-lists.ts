import type { DispatchShape } from '../reference/index.ts';
import type { KernelMemory } from '../table.ts';
import type { RoutingLists } from './switch-plan.ts';

/** The lists of a layer as arrays over its memory; letters as in `SwitchLayerPlan`. */
export interface OpenLists {
  readonly token: Int32Array;
  readonly expert: Int32Array;
  readonly slot: Int32Array;
  readonly requested: Uint8Array;
  readonly weight: Float32Array;
  readonly first: Int32Array;
  readonly batchRow: Int32Array;
  readonly batchToken: Int32Array;
  readonly batchWeight: Float32Array;
  readonly tokenStarts: Int32Array;
  readonly tokenRow: Int32Array;
  readonly tokenWeight: Float32Array;
}

export function openLists({ buffer }: KernelMemory, lists: RoutingLists, rows: number, { tokens, experts }: DispatchShape): OpenLists {
  const whole = (at: number, count: number): Int32Array => new Int32Array(buffer, at, count);
  const real = (at: number): Float32Array => new Float32Array(buffer, at, rows);
  return {
    token: whole(lists.token, rows),
    expert: whole(lists.expert, rows),
    slot: whole(lists.slot, rows),
    requested: new Uint8Array(buffer, lists.requested, rows),
    weight: real(lists.weight),
    first: whole(lists.first, experts + 1),
    batchRow: whole(lists.batchRow, rows),
    batchToken: whole(lists.batchToken, rows),
    batchWeight: real(lists.batchWeight),
    tokenStarts: whole(lists.tokenStarts, tokens + 1),
    tokenRow: whole(lists.tokenRow, rows),
    tokenWeight: real(lists.tokenWeight),
  };
}

/**
 * From the rows of an assignment, what dispatch and combine need: kept rows by expert, those of one expert in row order, and the batch rows of every token in increasing
 * order, which is the order of its sum. Both are stable counting sorts.
 */
export function layOutRows(lists: OpenLists): void {
  const { token, expert, slot, weight, first, batchRow, batchToken, batchWeight, tokenStarts, tokenRow, tokenWeight } = lists;
  const isKept = (row: number): boolean => slot[row] !== -1;
  const next = startsOf(first, expert, expert.length, isKept);
  for (let row = 0; row < expert.length; row++) {
    if (!isKept(row)) continue;
    const at = next[expert[row]]++;
    batchRow[at] = row;
    batchToken[at] = token[row];
    batchWeight[at] = weight[row];
  }
  const kept = first[first.length - 1];
  const nextOfToken = startsOf(tokenStarts, batchToken, kept, () => true);
  for (let at = 0; at < kept; at++) {
    const entry = nextOfToken[batchToken[at]]++;
    tokenRow[entry] = at;
    tokenWeight[entry] = batchWeight[at];
  }
}

/** starts[n] = how many of the first `count` keys that count are below n; returns a copy to fill places with. */
function startsOf(starts: Int32Array, keys: Int32Array, count: number, counts: (index: number) => boolean): Int32Array {
  starts.fill(0);
  for (let i = 0; i < count; i++) if (counts(i)) starts[keys[i] + 1]++;
  for (let n = 1; n < starts.length; n++) starts[n] += starts[n - 1];
  return starts.slice();
}
