import type { Bytes, Flops, Seconds } from '../base/index.ts';
import type { CollectiveKind } from '../collectives/index.ts';
import { type Core, matmulFlops, workSeconds } from '../hardware/index.ts';
import { groupName, groupSize, type LayoutSpec, type MeshGroup } from '../layout/index.ts';
import {
  type CollectiveStep,
  type ComputeStep,
  pieceOfWork,
  piecesOf,
  type Rematerialised,
  STAGES,
  type Step,
  segmentsOf,
  type Unit,
} from '../program/index.ts';

/** What one kind of unit costs one device for one microbatch, whatever the wires. */
export interface UnitCost {
  readonly forward: PassCost;
  /** What is made again, then gradients. */
  readonly backward: PassCost;
}

/** Collectives of steps that have a kind, a group and a part in common. */
export interface CollectiveUse {
  readonly collective: CollectiveKind;
  readonly group: MeshGroup;
  /** Of the group. */
  readonly name: string;
  readonly part: string;
}

export interface PassCost {
  readonly beats: readonly Beat[];
  /** Computing by row of `STAGES`. */
  readonly stageSeconds: Float64Array;
  readonly flops: Flops;
}

/** What follows one another until weights or a tensor must be there, or a gradient is complete. */
export interface Beat {
  /** Weight groups (rows of own and tied ones) that its first computation is the first of the pass to use. */
  readonly needs: readonly number[];
  /** Bytes that must have come back from the host before: from the first one of the unit's to the last one that it reads. */
  readonly fetchedBytes: Bytes;
  /** Bytes that it makes and that go to the host. */
  readonly storedBytes: Bytes;
  readonly computeSeconds: Seconds;
  readonly sendings: readonly Sending[];
  /** Steps that are cut into pieces, which overlap. */
  readonly segments: readonly Segment[];
  /** Weight groups that its stage updates for it, whose gradient is complete at the end. */
  readonly learned: readonly number[];
}

/** Collectives of one row of uses, one after the other. */
export interface Sending {
  readonly use: number;
  readonly count: number;
  /** As `CollectiveRequest` has them, summed: of the mean device. */
  readonly bytes: Bytes;
  /** Of the device that exchanges most with others, where some have more than others. */
  readonly fullestBytes: Bytes;
}

/** Some members have more to send or to get than others. */
export function isUneven({ bytes, fullestBytes }: Sending): boolean {
  return fullestBytes > bytes * (1 + 1e-9);
}

/** Computations of a piece and the collective behind them, stretch after stretch; each piece goes through all of them. */
export interface Segment {
  readonly pieces: number;
  readonly stretches: readonly { readonly seconds: Seconds; readonly sending: Sending | null }[];
}

/** What all units of a step share. */
export interface CostInput {
  readonly core: Core;
  readonly layout: LayoutSpec;
  /** Grows by the rows that are missing. */
  readonly uses: CollectiveUse[];
}

interface UnitInput extends CostInput {
  /** As `KindCost` has it. */
  readonly ownWeights: number;
}

export function unitCost(unit: Unit, remade: Rematerialised, input: UnitInput): UnitCost {
  const backward = unit.backward.length === 0 ? [] : [...remade.again.map(asRepetition), ...remade.backward];
  return {
    forward: passCost(unit, unit.forward, remade.offloaded, input),
    backward: passCost(unit, backward, remade.offloaded, input),
  };
}

function asRepetition<Any extends Step>(step: Any): Any {
  return { ...step, stage: 'recompute' };
}

/** A pass under construction. */
interface Draft {
  readonly input: CostInput;
  readonly groups: readonly string[];
  readonly beats: Beat[];
  readonly stageSeconds: Float64Array;
  flops: Flops;
  needs: number[];
  fetchedBytes: Bytes;
  storedBytes: Bytes;
  computeSeconds: Seconds;
  readonly sendings: Map<number, Sending>;
  segments: Segment[];
  learned: number[];
}

function passCost(unit: Unit, steps: readonly Step[], offloaded: Rematerialised['offloaded'], input: UnitInput): PassCost {
  const draft: Draft = {
    input,
    groups: [...unit.weights, ...unit.tied].map(({ name }) => name),
    beats: [],
    stageSeconds: new Float64Array(STAGES.length),
    flops: 0,
    needs: [],
    fetchedBytes: 0,
    storedBytes: 0,
    computeSeconds: 0,
    sendings: new Map(),
    segments: [],
    learned: [],
  };
  const isForward = steps === unit.forward;
  const used = new Set<string>();
  const missing = new Map(offloaded.map(({ name, bytes }) => [name, bytes]));
  const through = runningSums(offloaded);
  const last = lastContributions(draft.groups.slice(0, input.ownWeights), steps);
  for (const segment of doneTogether(steps, input.layout)) {
    const needs = segment.flatMap((step) => (step.kind === 'compute' ? step.uses.filter((name) => !used.has(name)) : []));
    const fetched = isForward ? [] : segment.flatMap(({ reads }) => reads.filter((name) => missing.has(name)));
    if (needs.length > 0 || fetched.length > 0) endBeat(draft);
    for (const name of needs) {
      if (!used.has(name)) draft.needs.push(draft.groups.indexOf(name));
      used.add(name);
    }
    for (const name of new Set(fetched)) {
      draft.fetchedBytes = Math.max(draft.fetchedBytes, through.get(name) ?? 0);
      missing.delete(name);
    }
    addSegment(draft, segment);
    // A copy to the host begins as soon as there is something to copy.
    const made = isForward ? segment.flatMap(({ makes }) => makes) : [];
    for (const name of new Set(made)) draft.storedBytes += missing.get(name) ?? 0;
    if (draft.storedBytes > 0) endBeat(draft);
    const learned = segment.flatMap((step) => last.get(step) ?? []);
    if (learned.length === 0) continue;
    draft.learned = learned;
    endBeat(draft);
  }
  endBeat(draft);
  return { beats: draft.beats, stageSeconds: draft.stageSeconds, flops: draft.flops };
}

/** Steps that are cut into pieces together, or one step. */
function doneTogether(steps: readonly Step[], { overlap }: LayoutSpec): Step[][] {
  return segmentsOf(steps).flatMap((segment) => (isCut(segment, overlap) ? [segment] : segment.map((step) => [step])));
}

function isCut(segment: readonly Step[], overlap: LayoutSpec['overlap']): boolean {
  return segment[0].segment > 0 && piecesOf(segment, overlap) > 1;
}

/** By name: bytes of all up to this one, in the order in which they are copied. */
function runningSums(offloaded: Rematerialised['offloaded']): Map<string, Bytes> {
  const sums = new Map<string, Bytes>();
  let sum = 0;
  for (const { name, bytes } of offloaded) {
    sum += bytes;
    sums.set(name, sum);
  }
  return sums;
}

/** Groups by the step that makes the last part of their gradient; those that are tied to the embedding of the same stage are complete with that. */
function lastContributions(groups: readonly string[], steps: readonly Step[]): Map<Step, number[]> {
  const last = new Map<Step, number[]>();
  for (const [row, name] of groups.entries()) {
    const step = steps.findLast((one) => one.kind === 'compute' && one.gradients.includes(name));
    if (step !== undefined) last.set(step, [...(last.get(step) ?? []), row]);
  }
  return last;
}

function endBeat(draft: Draft): void {
  const { needs, fetchedBytes, storedBytes, computeSeconds, sendings, segments, learned } = draft;
  const isEmpty = computeSeconds === 0 && sendings.size === 0 && segments.length === 0;
  if (isEmpty && learned.length === 0 && needs.length === 0) return;
  draft.beats.push({ needs, fetchedBytes, storedBytes, computeSeconds, sendings: [...sendings.values()], segments, learned });
  draft.needs = [];
  draft.fetchedBytes = 0;
  draft.storedBytes = 0;
  draft.computeSeconds = 0;
  draft.sendings.clear();
  draft.segments = [];
  draft.learned = [];
}

function addSegment(draft: Draft, segment: readonly Step[]): void {
  const { overlap } = draft.input.layout;
  if (isCut(segment, overlap)) draft.segments.push(cutSegment(draft, segment, piecesOf(segment, overlap)));
  else for (const step of segment) addStep(draft, step);
}

function addStep(draft: Draft, step: Step): void {
  if (step.kind === 'compute') {
    draft.computeSeconds += computed(draft, step, 1);
    return;
  }
  const use = useOf(draft, step);
  if (use < 0) return;
  const before = draft.sendings.get(use) ?? { count: 0, bytes: 0, fullestBytes: 0 };
  const { bytes } = step;
  const fullestBytes = before.fullestBytes + bytes * unevenness(step);
  draft.sendings.set(use, { use, count: before.count + 1, bytes: before.bytes + bytes, fullestBytes });
}

function cutSegment(draft: Draft, segment: readonly Step[], pieces: number): Segment {
  const stretches: { seconds: Seconds; sending: Sending | null }[] = [];
  let seconds = 0;
  for (const step of segment) {
    if (step.kind === 'compute') {
      seconds += computed(draft, step, pieces);
      continue;
    }
    const use = useOf(draft, step);
    if (use < 0) continue;
    const bytes = step.bytes / pieces;
    stretches.push({ seconds, sending: { use, count: 1, bytes, fullestBytes: bytes * unevenness(step) } });
    seconds = 0;
  }
  if (seconds > 0) stretches.push({ seconds, sending: null });
  return { pieces, stretches };
}

/** Seconds of one piece on the busiest device; all pieces go to the account of the pass. */
function computed(draft: Draft, { works, stage }: ComputeStep, pieces: number): Seconds {
  let seconds = 0;
  for (const work of works) {
    const piece = pieces === 1 ? work : pieceOfWork(work, stage, pieces);
    seconds = Math.max(seconds, workSeconds(draft.input.core, piece));
    for (const product of work.matmuls) draft.flops += matmulFlops(product) / works.length;
  }
  draft.stageSeconds[STAGES.indexOf(stage)] += seconds * pieces;
  return seconds;
}

/** What the member that sends or gets most exchanges with others, over what the mean one has; 1 where nothing says who sends what. */
function unevenness({ traffic }: CollectiveStep): number {
  if (traffic === null) return 1;
  const members = Math.round(Math.sqrt(traffic.length));
  const out = new Float64Array(members);
  const into = new Float64Array(members);
  let all = 0;
  for (let pair = 0; pair < traffic.length; pair++) {
    const [from, to] = [Math.floor(pair / members), pair % members];
    all += traffic[pair];
    if (from === to) continue;
    out[from] += traffic[pair];
    into[to] += traffic[pair];
  }
  const most = out.reduce((fullest, bytes, member) => Math.max(fullest, bytes, into[member]), 0);
  return all === 0 ? 1 : (most * members) / all;
}

/** Row of the uses, or -1 where the group is one device. */
function useOf({ input: { uses, layout } }: Draft, { collective, group, part }: CollectiveStep): number {
  if (groupSize(layout, group) === 1) return -1;
  const name = groupName(group);
  const row = uses.findIndex((use) => use.collective === collective && use.part === part && use.name === name);
  return row >= 0 ? row : uses.push({ collective, group, name, part }) - 1;
}
