import type { BytesPerSecond, Seconds } from '../base/index.ts';
import type { LayoutSpec } from '../layout/index.ts';
import type { Rate } from './axis-rates.ts';
import { segmentSeconds } from './segment-time.ts';
import type { KindCost } from './step-cost.ts';
import { transferSeconds } from './transfer-time.ts';
import { type Beat, isUneven, type PassCost, type Sending } from './unit-cost.ts';
import type { GroupCost } from './weight-cost.ts';

/** Times of a unit's passes over given wires. */
export interface UnitTime {
  readonly forward: PassTime;
  readonly backward: PassTime;
  /** Own groups, then tied ones. */
  readonly groups: readonly GroupCost[];
  readonly offloadedSeconds: Seconds;
  /** Of both passes: what collectives of steps take beyond computing. */
  readonly serialSeconds: Seconds;
}

export interface PassTime {
  readonly beats: readonly BeatTime[];
}

export interface BeatTime {
  /** Computing, and collectives of steps. */
  readonly seconds: Seconds;
  /** What of these is not computing. */
  readonly serialSeconds: Seconds;
  /** Groups whose weights are sharded or on the host, by row. */
  readonly needs: readonly number[];
  readonly fetchSeconds: Seconds;
  readonly storeSeconds: Seconds;
  readonly learned: readonly number[];
  /** Collectives of steps over wires that weights travel on too. */
  readonly sent: readonly { readonly wires: number; readonly seconds: Seconds }[];
}

/** Collectives of one row of uses that are cut into pieces, or of which some members have more than others. */
export interface PieceTime {
  count: number;
  bytes: number;
  seconds: Seconds;
  exposedSeconds: Seconds;
}

export interface TimeInput {
  /** By row of uses. */
  readonly rates: readonly Rate[];
  /** By row of uses: wires that weights travel on too. */
  readonly wires: readonly (readonly number[])[];
  readonly layout: LayoutSpec;
  readonly hostBytesPerSecond: BytesPerSecond;
}

/** `units` of a kind over given wires; adds what collectives of their pieces take to `pieces`, by row of uses. */
export function unitTime(
  kind: KindCost,
  groups: readonly GroupCost[],
  input: TimeInput,
  pieces: readonly PieceTime[],
  units: number,
): UnitTime {
  const forward = passTime(kind.forward, groups, input, pieces, units);
  const backward = passTime(kind.backward, groups, input, pieces, units);
  return {
    forward,
    backward,
    groups,
    serialSeconds: serialSeconds(forward) + serialSeconds(backward),
    offloadedSeconds: kind.offloadedBytes / input.hostBytesPerSecond,
  };
}

function passTime(
  { beats }: PassCost,
  groups: readonly GroupCost[],
  input: TimeInput,
  pieces: readonly PieceTime[],
  units: number,
): PassTime {
  const times: BeatTime[] = [];
  for (const beat of beats) times.push(beatTime(beat, groups, input, pieces, units));
  return { beats: times };
}

/** Added up as such: a difference of sums would leave a rounding error, of either sign, where there is nothing. */
function serialSeconds({ beats }: PassTime): Seconds {
  let seconds = 0;
  for (const beat of beats) seconds += beat.serialSeconds;
  return seconds;
}

function beatTime(beat: Beat, groups: readonly GroupCost[], input: TimeInput, pieces: readonly PieceTime[], units: number): BeatTime {
  const { rates, wires, layout, hostBytesPerSecond } = input;
  let sent: BeatTime['sent'] = NOTHING_SENT;
  let seconds = beat.computeSeconds;
  let serial = 0;
  for (const sending of beat.sendings) {
    const own = sendSeconds(sending, rates);
    if (isUneven(sending)) addPieces(pieces[sending.use], sending, own, own, units);
    if (wires[sending.use].length > 0) sent = alsoSent(sent, wires[sending.use], own);
    seconds += own;
    serial += own;
  }
  for (const segment of beat.segments) {
    const whole = segmentSeconds(segment, rates);
    const computing = segment.stretches.reduce((sum, stretch) => sum + stretch.seconds * segment.pieces, 0);
    const exposed = Math.max(0, whole - computing);
    const sendings = segment.stretches.flatMap(({ sending }) => (sending === null ? [] : [sending]));
    const sending = sendings.reduce((sum, one) => sum + sendSeconds(one, rates) * segment.pieces, 0);
    for (const one of sendings) {
      const own = sendSeconds(one, rates);
      sent = alsoSent(sent, wires[one.use], own * segment.pieces);
      addPieces(pieces[one.use], one, own, sending === 0 ? 0 : (own * exposed) / sending, units * segment.pieces);
    }
    seconds += whole;
    serial += exposed;
  }
  return {
    seconds,
    serialSeconds: serial,
    needs: layout.offload.weights ? beat.needs : shardedOf(beat.needs, groups),
    fetchSeconds: beat.fetchedBytes / hostBytesPerSecond,
    storeSeconds: beat.storedBytes / hostBytesPerSecond,
    learned: beat.learned,
    sent,
  };
}

const NOTHING_SENT: BeatTime['sent'] = [];

function alsoSent(sent: BeatTime['sent'], wires: readonly number[], seconds: Seconds): BeatTime['sent'] {
  return [...sent, ...wires.map((number) => ({ wires: number, seconds }))];
}

/** Groups that must be gathered; mostly all or none of them. */
function shardedOf(needs: readonly number[], groups: readonly GroupCost[]): readonly number[] {
  return needs.every((row) => groups[row].isSharded) ? needs : needs.filter((row) => groups[row].isSharded);
}

function sendSeconds(sending: Sending, rates: readonly Rate[]): Seconds {
  return sending.count * rates[sending.use].latencySeconds + transferSeconds(sending, rates[sending.use]);
}

function addPieces(piece: PieceTime, { count, bytes }: Sending, seconds: Seconds, exposedSeconds: Seconds, times: number): void {
  piece.count += count * times;
  piece.bytes += bytes * times;
  piece.seconds += seconds * times;
  piece.exposedSeconds += exposedSeconds * times;
}
