import type { Bytes } from '../../base/index.ts';
import type { CollectiveRequest } from '../plan.ts';
import type { MessageTable, PieceTable, Schedule } from '../schedule.ts';
import { type GatherMessages, gatherMessages } from './gather-messages.ts';
import { gatherGroup } from './gather-phases.ts';
import type { MemberGroup } from './member-group.ts';

/** `out`: blocks travel from their owners to all (all-gather); `back`: partial sums travel to the owners (reduce-scatter); `both`: one after the other. */
export type Direction = 'out' | 'back' | 'both';

export function scheduleOf(request: CollectiveRequest, direction: Direction): Schedule {
  const gather = gatherGroup(request);
  return gatherSchedule(gather.group, gatherMessages(gather, direction === 'both' ? 2 : 1), request.bytes, direction);
}

/** All messages turned into tables; `bytes` of all blocks together. */
function gatherSchedule(group: MemberGroup, gathered: GatherMessages, bytes: Bytes, direction: Direction): Schedule {
  const pieces = pieceTable(group, gathered, bytes, direction);
  return { pieces, messages: messageTable(group, gathered, pieces.bytes, direction), routes: gathered.routes.routes };
}

/** Piece = (owner * parts + part) * halves + half. */
function pieceTable({ members }: MemberGroup, { shares, halves }: GatherMessages, bytes: Bytes, direction: Direction): PieceTable {
  const perOwner = shares.length * halves;
  const count = members.length * perOwner;
  const pieceBytes = new Float64Array(count);
  const owners = new Int32Array(count);
  for (let piece = 0; piece < count; piece++) {
    pieceBytes[piece] = (bytes / members.length / halves) * shares[Math.floor((piece % perOwner) / halves)];
    owners[piece] = members[Math.floor(piece / perOwner)];
  }
  const everyone = new Int32Array(count).fill(-1);
  return { count, bytes: pieceBytes, source: direction === 'out' ? owners : everyone, target: direction === 'back' ? owners : everyone };
}

/**
 * A message of the way back is one of the way out, from its end to its start, and waits for those that waited for it; the last one out is the first
 * one back. Where blocks go out after their sums have come in, an owner's first messages wait for what brought it the same halves.
 */
export function messageTable(group: MemberGroup, gathered: GatherMessages, pieceBytes: Float64Array, direction: Direction): MessageTable {
  const { log, routes } = gathered;
  const told = log.count();
  const backs = direction === 'out' ? 0 : told;
  const outs = direction === 'back' ? 0 : told;
  const count = backs + outs;
  const table = {
    count,
    from: new Uint32Array(count),
    to: new Uint32Array(count),
    route: new Uint32Array(count),
    bytes: new Float64Array(count),
    combines: new Uint8Array(count).fill(1, 0, backs),
    ...pieceRows(gathered, backs, outs),
  };
  for (let i = 0; i < backs; i++) {
    const message = told - 1 - i;
    table.from[i] = group.members[log.to[message]];
    table.to[i] = group.members[log.from[message]];
    table.route[i] = routes.back[log.route[message]];
  }
  for (let message = 0; message < outs; message++) {
    table.from[backs + message] = group.members[log.from[message]];
    table.to[backs + message] = group.members[log.to[message]];
    table.route[backs + message] = log.route[message];
  }
  for (let i = 0; i < count; i++) {
    for (let p = table.pieceOffsets[i]; p < table.pieceOffsets[i + 1]; p++) table.bytes[i] += pieceBytes[table.pieces[p]];
  }
  return { ...table, ...afterRows(gathered, backs, outs) };
}

function pieceRows({ log, halves }: GatherMessages, backs: number, outs: number): Pick<MessageTable, 'pieceOffsets' | 'pieces'> {
  const pieceOffsets = new Uint32Array(backs + outs + 1);
  const told = log.count();
  const messageAt = (i: number) => (i < backs ? told - 1 - i : i - backs);
  for (let i = 0; i < backs + outs; i++) pieceOffsets[i + 1] = pieceOffsets[i] + (log.halves[messageAt(i)] === 3 ? 2 : 1);
  const pieces = new Uint32Array(pieceOffsets[backs + outs]);
  for (let i = 0; i < backs + outs; i++) {
    const message = messageAt(i);
    const first = log.block[message] * halves;
    const at = pieceOffsets[i];
    if (log.halves[message] === 3) {
      pieces[at] = first;
      pieces[at + 1] = first + 1;
    } else pieces[at] = first + log.halves[message] - 1;
  }
  return { pieceOffsets, pieces };
}

function afterRows({ log }: GatherMessages, backs: number, outs: number): Pick<MessageTable, 'afterOffsets' | 'after'> {
  const told = log.count();
  const { after: first, afterSecond: second } = log;
  const afterOffsets = new Uint32Array(backs + outs + 1);
  const starts = backs > 0 && outs > 0 ? startsOfBlocks(log) : null;
  // Rows are counted, then filled in the same order of messages.
  for (let message = 0; message < told && backs > 0; message++) {
    if (first[message] >= 0) afterOffsets[told - first[message]]++;
    if (second[message] >= 0) afterOffsets[told - second[message]]++;
  }
  for (let message = 0; message < outs; message++) {
    const waits = first[message] < 0 ? (starts?.countOf(message) ?? 0) : second[message] < 0 ? 1 : 2;
    afterOffsets[backs + message + 1] = waits;
  }
  for (let i = 0; i < backs + outs; i++) afterOffsets[i + 1] += afterOffsets[i];
  const after = new Uint32Array(afterOffsets[backs + outs]);
  const next = afterOffsets.slice();
  for (let message = told - 1; message >= 0 && backs > 0; message--) {
    if (first[message] >= 0) after[next[told - 1 - first[message]]++] = told - 1 - message;
    if (second[message] >= 0) after[next[told - 1 - second[message]]++] = told - 1 - message;
  }
  for (let message = 0; message < outs; message++) {
    let at = next[backs + message];
    if (first[message] < 0)
      starts?.forEach(message, (start) => {
        after[at++] = told - 1 - start;
      });
    else after[at++] = backs + first[message];
    if (second[message] >= 0) after[at++] = backs + second[message];
  }
  return { afterOffsets, after };
}

interface Starts {
  forEach(message: number, visit: (start: number) => void): void;
  countOf(message: number): number;
}

/** First messages of each block, and for one of them all that carry a half which it carries too. */
function startsOfBlocks(log: GatherMessages['log']): Starts {
  const told = log.count();
  let blocks = 0;
  for (let message = 0; message < told; message++) blocks = Math.max(blocks, log.block[message] + 1);
  const offsets = new Uint32Array(blocks + 1);
  const isStart = (message: number) => log.after[message] < 0;
  for (let message = 0; message < told; message++) if (isStart(message)) offsets[log.block[message] + 1]++;
  for (let block = 0; block < blocks; block++) offsets[block + 1] += offsets[block];
  const starts = new Uint32Array(offsets[blocks]);
  const next = offsets.slice();
  for (let message = told - 1; message >= 0; message--) if (isStart(message)) starts[next[log.block[message]]++] = message;
  const forEach = (message: number, visit: (start: number) => void): void => {
    const block = log.block[message];
    for (let i = offsets[block]; i < offsets[block + 1]; i++) {
      if ((log.halves[starts[i]] & log.halves[message]) !== 0) visit(starts[i]);
    }
  };
  const countOf = (message: number): number => {
    let count = 0;
    forEach(message, () => count++);
    return count;
  };
  return { forEach, countOf };
}
