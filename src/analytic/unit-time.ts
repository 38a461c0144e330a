import type { BytesPerSecond, Seconds } from '../base/index.ts';
import type { Rate } from './axis-rates.ts';
import { segmentSeconds } from './segment-time.ts';
import type { KindCost } from './step-cost.ts';
import { transferSeconds } from './transfer-time.ts';
import { type Beat, isUneven, type PassCost, type Segment, type Sending } from './unit-cost.ts';
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
  readonly beats: readonly Beat[];
  /** [beats]: computing, and collectives of steps. */
  readonly seconds: readonly Seconds[];
  /** Collectives of steps over wires that weights travel on too, in the order of beats. */
  readonly sent: readonly Sent[];
  /** Of `seconds`, what is not computing, added up as such: a difference of sums would leave a rounding error, of either sign, where there is nothing. */
  readonly serialSeconds: Seconds;
}

export interface Sent {
  readonly beat: number;
  readonly wires: number;
  readonly seconds: Seconds;
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
  const forward = passTime(kind.forward, input, pieces, units);
  const backward = passTime(kind.backward, input, pieces, units);
  return {
    forward,
    backward,
    groups,
    serialSeconds: forward.serialSeconds + backward.serialSeconds,
    offloadedSeconds: kind.offloadedBytes / input.hostBytesPerSecond,
  };
}

function passTime({ beats }: PassCost, { rates, wires }: TimeInput, pieces: readonly PieceTime[], units: number): PassTime {
  const beatSeconds: Seconds[] = [];
  const sent: Sent[] = [];
  let serialSeconds = 0;
  for (let i = 0; i < beats.length; i++) {
    const { computeSeconds, sendings, segments } = beats[i];
    let waiting = 0;
    for (const sending of sendings) {
      const own = sendSeconds(sending, rates);
      if (isUneven(sending)) addPieces(pieces[sending.use], sending, own, own, units);
      addSent(sent, i, wires[sending.use], own);
      waiting += own;
    }
    let computing = computeSeconds;
    for (const segment of segments) {
      const whole = segmentSeconds(segment, rates);
      const own = segment.stretches.reduce((sum, { seconds }) => sum + seconds * segment.pieces, 0);
      const exposed = Math.max(0, whole - own);
      addSegment(segment, exposed, rates, pieces, units);
      for (const { sending } of segment.stretches) {
        if (sending !== null) addSent(sent, i, wires[sending.use], sendSeconds(sending, rates) * segment.pieces);
      }
      computing += own;
      waiting += exposed;
    }
    beatSeconds.push(computing + waiting);
    serialSeconds += waiting;
  }
  return { beats, seconds: beatSeconds, sent, serialSeconds };
}

function addSent(sent: Sent[], beat: number, wires: readonly number[], seconds: Seconds): void {
  for (let i = 0; i < wires.length; i++) sent.push({ beat, wires: wires[i], seconds });
}

/** What a segment takes beyond computing is dealt out by how long each collective takes. */
function addSegment(
  { pieces: times, stretches }: Segment,
  exposedSeconds: Seconds,
  rates: readonly Rate[],
  pieces: readonly PieceTime[],
  units: number,
): void {
  let all = 0;
  for (const { sending } of stretches) if (sending !== null) all += sendSeconds(sending, rates) * times;
  for (const { sending } of stretches) {
    if (sending === null) continue;
    const own = sendSeconds(sending, rates);
    addPieces(pieces[sending.use], sending, own, all === 0 ? 0 : (own * exposedSeconds) / all, units * times);
  }
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
