import { assert } from '../base/index.ts';
import { groupSize, type LayoutSpec } from '../layout/index.ts';
import type { Gathers } from './gathers.ts';
import type { LiveTensor, Moment } from './live-tensors.ts';
import { pieceOfWork, piecesOf, segmentsOf } from './pieces.ts';
import type { Stage } from './program.ts';
import type { Emission, Stream } from './stream.ts';
import { type CollectiveStep, type ComputeStep, type Step, stepName, type Unit } from './unit.ts';

/** Where one pass of a unit finds what its steps name. */
export interface PassScope {
  readonly unit: Unit;
  /** Prefix of names of tasks: empty, or that of a teacher. */
  readonly prefix: string;
  /** Key of a tensor's live range. */
  readonly keyOf: (name: string) => string;
  /** Label and bytes; null for what is there for the whole step. */
  readonly tensorOf: (name: string) => LiveTensor | null;
  /** Number of the use of a weight group among those that are brought; null where nothing is. */
  readonly useOf: (group: string) => number | null;
  /** Tensors on their way: what the first reader waits for. */
  readonly arrivals: Map<string, number>;
  /** A step that makes a part of the gradient of some groups has ended. */
  readonly contribute: (step: ComputeStep, moment: Moment) => void;
}

/** Appends steps in order. `stage` replaces their own under rematerialisation. */
export function emitSteps(
  emission: Emission,
  stream: Stream,
  gathers: Gathers,
  layout: LayoutSpec,
  scope: PassScope,
  steps: readonly Step[],
  stage: Stage | null = null,
): void {
  const pass = { emission, stream, gathers, layout, scope, stage };
  for (const segment of segmentsOf(steps)) {
    const pieces = segment[0].segment > 0 ? piecesOf(segment, layout.overlap) : 1;
    if (pieces > 1) emitPieces(pass, segment, pieces);
    else for (const step of segment) emitStep(pass, step);
  }
}

interface Pass {
  readonly emission: Emission;
  readonly stream: Stream;
  readonly gathers: Gathers;
  readonly layout: LayoutSpec;
  readonly scope: PassScope;
  readonly stage: Stage | null;
}

function emitStep(pass: Pass, step: Step): void {
  const { stream } = pass;
  awaitReads(pass, step);
  if (step.kind === 'compute') {
    bringWeights(pass, step);
    stream.compute(labelOf(pass, step), step.works, (moment) => ended(pass, step, moment));
  } else if (goesOverWires(pass, step)) ended(pass, step, stream.collective(labelOf(pass, step), step));
  else endedAtOnce(pass, step);
}

/**
 * Steps between two collectives are done for one piece after the other, and the collective behind them starts for each piece as soon as that piece is there
 * and the piece before it is through: side by side they would share the wires and arrive together, and nothing could be computed in between. So the
 * wires work for one piece while the core computes another.
 */
function emitPieces(pass: Pass, segment: readonly Step[], pieces: number): void {
  const { stream } = pass;
  let arrived: number[][] = Array.from({ length: pieces }, () => []);
  for (const { computations, collective } of stretchesOf(segment)) {
    for (const step of computations) {
      awaitReads(pass, step);
      bringWeights(pass, step);
    }
    const sent: number[][] = Array.from({ length: pieces }, () => []);
    for (let piece = 0; piece < pieces; piece++) {
      stream.wait(arrived[piece]);
      for (const step of computations) {
        const works = step.works.map((work) => pieceOfWork(work, step.stage, pieces));
        stream.compute(labelOf(pass, step), works, (moment) => ended(pass, step, moment, piece, pieces));
      }
      if (collective === null) continue;
      const ready = computations.length > 0 ? stream.soFar() : arrived[piece];
      sent[piece] = sendPiece(pass, collective, [...new Set([...ready, ...(sent[piece - 1] ?? [])])], piece, pieces);
    }
    arrived = sent;
  }
  stream.wait(arrived.flat());
}

function sendPiece(pass: Pass, step: CollectiveStep, after: readonly number[], piece: number, pieces: number): number[] {
  const { stream } = pass;
  if (!goesOverWires(pass, step)) {
    endedAtOnce(pass, step);
    return [...after];
  }
  awaitReads(pass, step);
  const traffic = step.traffic === null ? null : pieceOfTraffic(step.traffic, pieces);
  const waits = after.length > 0 ? after : stream.soFar();
  const moment = stream.collectiveBeside(labelOf(pass, step), { ...step, bytes: step.bytes / pieces, traffic }, waits);
  ended(pass, step, moment, piece, pieces);
  return [moment.task];
}

/** The same matrix for every piece and layer that shares it. */
const TRAFFIC_PIECES = new WeakMap<Float64Array, Map<number, Float64Array>>();

function pieceOfTraffic(traffic: Float64Array, pieces: number): Float64Array {
  const known = TRAFFIC_PIECES.get(traffic) ?? new Map<number, Float64Array>();
  TRAFFIC_PIECES.set(traffic, known);
  const piece = known.get(pieces) ?? traffic.map((bytes) => bytes / pieces);
  known.set(pieces, piece);
  return piece;
}

interface Stretch {
  readonly computations: readonly ComputeStep[];
  /** The one behind them; null at the end. */
  readonly collective: CollectiveStep | null;
}

function stretchesOf(segment: readonly Step[]): Stretch[] {
  const stretches: Stretch[] = [];
  let computations: ComputeStep[] = [];
  for (const step of segment) {
    if (step.kind === 'compute') computations.push(step);
    else {
      stretches.push({ computations, collective: step });
      computations = [];
    }
  }
  return computations.length > 0 ? [...stretches, { computations, collective: null }] : stretches;
}

function labelOf({ scope, stage }: Pass, step: Step) {
  return { name: scope.prefix + stepName(scope.unit.name, step.name), part: step.part, stage: stage ?? step.stage };
}

function goesOverWires({ layout }: Pass, { group }: CollectiveStep): boolean {
  return groupSize(layout, group) > 1;
}

function awaitReads({ scope, stream }: Pass, step: Step): void {
  for (const name of step.reads) {
    const key = scope.keyOf(name);
    const arrival = scope.arrivals.get(key);
    if (arrival === undefined) continue;
    stream.wait([arrival]);
    scope.arrivals.delete(key);
  }
}

function bringWeights({ scope, gathers }: Pass, step: ComputeStep): void {
  for (const group of step.uses) {
    const use = scope.useOf(group);
    if (use !== null) gathers.begin(use);
  }
}

/** Live ranges go on; what was not there begins. A gradient is whole with the last piece. */
function ended({ emission, stream, scope, gathers }: Pass, step: Step, moment: Moment, piece = 0, pieces = 1): void {
  for (const name of [...step.reads, ...step.makes]) {
    const key = scope.keyOf(name);
    if (emission.live.extend(key, moment)) continue;
    const tensor = scope.tensorOf(name);
    if (tensor !== null) emission.live.touch(key, tensor, moment, stream.deviceSet);
  }
  if (step.kind === 'collective') return;
  for (const group of step.uses) {
    const use = scope.useOf(group);
    if (use !== null) gathers.touch(use, moment);
  }
  if (piece === pieces - 1) scope.contribute(step, moment);
}

/** A collective of a group of one does nothing, and takes no time. */
function endedAtOnce(pass: Pass, step: CollectiveStep): void {
  const [before] = pass.stream.soFar().slice(-1);
  assert(before !== undefined, `${step.name}: a step begins with a collective of nobody`);
  ended(pass, step, { task: before, step: pass.emission.clock.step++ });
}
