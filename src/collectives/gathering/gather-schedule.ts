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
  const { members } = group;
  const told = log.count();
  const backs = direction === 'out' ? 0 : told;
  const outs = direction === 'back' ? 0 : told;
  const from = new Uint32Array(backs + outs);
  const to = new Uint32Array(backs + outs);
  const route = new Uint32Array(backs + outs);
  for (let message = 0; message < told; message++) {
    const [start, end] = [members[log.from[message]], members[log.to[message]]];
    if (backs > 0) {
      const i = told - 1 - message;
      from[i] = end;
      to[i] = start;
      route[i] = routes.back[log.route[message]];
    }
    if (outs > 0) {
      const i = backs + message;
      from[i] = start;
      to[i] = end;
      route[i] = log.route[message];
    }
  }
  const combines = new Uint8Array(backs + outs).fill(1, 0, backs);
  const rows = { ...pieceRows(gathered, backs, outs, pieceBytes), ...afterRows(gathered, backs, outs) };
  return { count: backs + outs, from, to, route, combines, ...rows };
}

function pieceRows(
  { log, halves: perBlock }: GatherMessages,
  backs: number,
  outs: number,
  pieceBytes: Float64Array,
): Pick<MessageTable, 'bytes' | 'pieceOffsets' | 'pieces'> {
  const { halves, block } = log;
  const told = log.count();
  let pairs = 0;
  for (let message = 0; message < told; message++) if (halves[message] === 3) pairs++;
  const bytes = new Float64Array(backs + outs);
  const pieceOffsets = new Uint32Array(backs + outs + 1);
  const pieces = new Uint32Array((told + pairs) * ((backs + outs) / Math.max(told, 1)));
  for (let i = 0, at = 0; i < backs + outs; i++) {
    const message = i < backs ? told - 1 - i : i - backs;
    const first = block[message] * perBlock;
    const carried = halves[message];
    if ((carried & 1) !== 0) {
      pieces[at++] = first;
      bytes[i] = pieceBytes[first];
    }
    if ((carried & 2) !== 0) {
      pieces[at++] = first + 1;
      bytes[i] += pieceBytes[first + 1];
    }
    pieceOffsets[i + 1] = at;
  }
  return { bytes, pieceOffsets, pieces };
}

function afterRows({ log }: GatherMessages, backs: number, outs: number): Pick<MessageTable, 'afterOffsets' | 'after'> {
  const told = log.count();
  const { after: first, afterSecond: second } = log;
  const afterOffsets = new Uint32Array(backs + outs + 1);
  const starts = backs > 0 && outs > 0 ? startsOfBlocks(log) : null;
  // Rows are counted first. Where a row ends after the counting, it begins after the filling, which goes backwards.
  for (let message = 0; message < told; message++) {
    const [a, b] = [first[message], second[message]];
    if (backs > 0 && a >= 0) afterOffsets[told - 1 - a]++;
    if (backs > 0 && b >= 0) afterOffsets[told - 1 - b]++;
    if (outs > 0) afterOffsets[backs + message] = a < 0 ? (starts?.countOf(message) ?? 0) : b < 0 ? 1 : 2;
  }
  for (let i = 0, sum = 0; i <= backs + outs; i++) {
    sum += afterOffsets[i];
    afterOffsets[i] = sum;
  }
  const after = new Uint32Array(afterOffsets[backs + outs]);
  for (let message = told - 1; message >= 0; message--) {
    const [a, b] = [first[message], second[message]];
    if (outs > 0) {
      if (a < 0) {
        starts?.forEach(message, (start) => {
          after[--afterOffsets[backs + message]] = told - 1 - start;
        });
      } else {
        if (b >= 0) after[--afterOffsets[backs + message]] = backs + b;
        after[--afterOffsets[backs + message]] = backs + a;
      }
    }
  }
  for (let message = 0; message < told && backs > 0; message++) {
    const [a, b] = [first[message], second[message]];
    if (a >= 0) after[--afterOffsets[told - 1 - a]] = told - 1 - message;
    if (b >= 0) after[--afterOffsets[told - 1 - b]] = told - 1 - message;
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
