import type { Bytes } from '../base/index.ts';
import type { LayoutSpec } from '../layout/index.ts';
import type { KindCost } from './step-cost.ts';
import type { PassMemory, StepClass } from './unit-memory.ts';
import type { GroupCost } from './weight-cost.ts';

/** The fullest step of a pass: while its own weights are there, and while those of the next unit are on their way as well. */
export interface PassPeaks {
  readonly own: StepClass;
  readonly ownBytes: Bytes;
  readonly withNext: StepClass;
  readonly withNextBytes: Bytes;
  /** Where weights that the host has come ahead: as those of the next unit arrive. Null: they come when they are used, or not from the host. */
  readonly asNext: StepClass | null;
  readonly asNextBytes: Bytes;
}

/** What is there at such a step beside the tensors of the unit. */
export interface PeakParts {
  readonly gathered: Bytes;
  readonly fromHost: Bytes;
  readonly gradients: Bytes;
}

/** What units of one kind put into memory under a layout. */
export interface UnitNeed {
  readonly kind: KindCost;
  /** By weight group, own and tied ones. */
  readonly groups: readonly GroupNeed[];
  readonly forward: PassPeaks;
  readonly backward: PassPeaks;
  /** Gradients of its groups are scattered in its backward pass. */
  readonly scatters: boolean;
  /** Weights that are brought for the first use of a pass. */
  readonly firstUse: { readonly forward: Brought; readonly backward: Brought };
  /** Gradients of its own groups: between microbatches, while the backward pass goes on behind it, and when all is reduced. */
  readonly keptGradients: Bytes;
  readonly gradientsBehind: Bytes;
  readonly doneGradients: Bytes;
  /** Of groups that it is tied to, from here to the embedding, which adds to the same ones. */
  readonly tiedGradients: Bytes;
  /**
   * Gradients of its own groups that are scattered once a loop in front of it has ended: whole, beyond those behind the backward pass, and beyond shares that
   * the last of several microbatches leaves. 0 where nothing runs behind the pass.
   */
  readonly lateLearned: Bytes;
  readonly lateLeft: Bytes;
  /** Of its own groups, the copies of shards in the type of the products. */
  readonly workingBytes: Bytes;
  /** Copies that come back from the host for its backward pass. */
  readonly fetchedBytes: Bytes;
}

/** Weights that come before their use. */
export interface Brought extends HostedWeights {
  /** As the last of them are gathered, from shards that the host had. */
  readonly arriving: HostedWeights;
}

export interface HostedWeights {
  readonly gathered: Bytes;
  readonly fromHost: Bytes;
}

export const NOTHING_BROUGHT: Brought = { gathered: 0, fromHost: 0, arriving: { gathered: 0, fromHost: 0 } };

/** One weight group, own or tied. */
export interface GroupNeed extends Brought {
  /**
   * Gradients beyond those that are kept between microbatches, where there are several, and beyond the stacks of a loop: while they are made, and when they
   * are complete.
   */
  readonly learning: Bytes;
  readonly learned: Bytes;
  /** Beyond what is there while they are made: shards of them as they are scattered. */
  readonly scattering: Bytes;
}

/** `embedding`: the group that others are tied to; `opens`: nothing of an earlier microbatch is there that gradients are added to. */
export function unitNeed(kind: KindCost, groups: readonly GroupCost[], embedding: GroupCost, layout: LayoutSpec, opens: boolean): UnitNeed {
  const needs: GroupNeed[] = [];
  const accumulates = layout.microbatches > 1 && !opens;
  let keptGradients = 0;
  let gradientsBehind = 0;
  let doneGradients = 0;
  let tiedGradients = 0;
  let workingBytes = 0;
  let lateLearned = 0;
  let lateLeft = 0;
  let scattersAny = false;
  const inLoop = kind.loop !== null;
  for (let row = 0; row < groups.length; row++) {
    const { gathered, fromHost, arriving, whole, scattered, keptShards, doneShards, inStack, kept, done, scattering, inRoom } = blockBytes(
      groups[row],
      layout,
    );
    if (row >= kind.ownWeights) {
      // It is made in the place of the embedding's gradient, and waits there for the rest.
      const made = blockBytes(embedding, layout);
      const learning = accumulates ? made.scattered : made.whole;
      needs.push({ gathered, fromHost, arriving, learning, learned: learning, scattering: 0 });
      tiedGradients += learning;
      continue;
    }
    scattersAny ||= !accumulates && scattering > 0;
    const learning = accumulates ? scattered : whole;
    if (!layout.offload.weights) workingBytes += groups[row].workingBytes;
    const learned = accumulates ? 0 : layout.overlap.gradients && !opens ? done : kept;
    needs.push(
      inLoop
        ? {
            gathered,
            fromHost,
            arriving,
            learning: accumulates ? learning : learning - inStack,
            learned: 0,
            scattering: accumulates ? 0 : inRoom,
          }
        : { gathered, fromHost, arriving, learning, learned, scattering: accumulates ? 0 : scattering },
    );
    keptGradients += kept;
    doneGradients += done;
    gradientsBehind += learned;
    if (layout.overlap.gradients && !inLoop) {
      lateLearned += scattered - (accumulates ? 0 : opens ? keptShards : doneShards);
      lateLeft += scattered - (doneShards - keptShards);
    }
  }
  const { forward, backward } = kind.memory;
  return {
    kind,
    groups: needs,
    forward: peaksOf(forward, needs, layout, false),
    backward: peaksOf(backward, needs, layout, scattersAny),
    scatters: scattersAny,
    firstUse: { forward: firstBrought(forward, needs), backward: firstBrought(backward, needs) },
    keptGradients,
    gradientsBehind,
    doneGradients,
    tiedGradients,
    lateLearned,
    lateLeft,
    workingBytes,
    fetchedBytes: kind.offloadedBytes,
  };
}

/**
 * Sums over the blocks of a group: weights that are brought; gradients whole, whole and scattered later, and what is kept and done of those; made in their
 * place in the stack of a loop, kept between microbatches, and done; and what scattering adds to whole ones, in a loop where its stack has only room for what the replicas leave.
 */
function blockBytes({ blocks }: GroupCost, { offload, zero, overlap, microbatches }: LayoutSpec): Readonly<BlockBytes> {
  let gathered = 0;
  let fromHost = 0;
  let { arriving } = NOTHING_BROUGHT;
  let whole = 0;
  let scattered = 0;
  let keptShards = 0;
  let doneShards = 0;
  let inStack = 0;
  let kept = 0;
  let done = 0;
  let scattering = 0;
  let inRoom = 0;
  let moved = 0;
  for (const { sort, gatheredBytes, storedBytes, gradientBytes, keptGradientBytes, updateGradientBytes } of blocks) {
    const isShared = zero >= 2 && overlap.gradients && sort.copies > 1 && microbatches === 1;
    if (sort.shards > 1) {
      gathered += gatheredBytes;
      scattered += gradientBytes;
      keptShards += keptGradientBytes;
      doneShards += zero >= 2 ? updateGradientBytes : keptGradientBytes;
      moved += keptGradientBytes;
      scattering = Math.max(scattering, moved);
      if (isShared) inRoom = Math.max(inRoom, moved);
      moved -= gradientBytes;
      if (offload.weights && gathered + fromHost + storedBytes > arriving.gathered + arriving.fromHost) {
        arriving = { gathered, fromHost: fromHost + storedBytes };
      }
    } else if (offload.weights) fromHost += storedBytes;
    whole += gradientBytes;
    if (sort.shards === 1 && !isShared) inStack += gradientBytes;
    if (sort.shards === 1 && isShared) scattering = Math.max(scattering, moved + updateGradientBytes);
    kept += keptGradientBytes;
    done += zero >= 2 ? updateGradientBytes : keptGradientBytes;
  }
  SUMS.gathered = gathered;
  SUMS.fromHost = fromHost;
  SUMS.arriving = arriving;
  SUMS.whole = whole;
  SUMS.scattered = scattered;
  SUMS.keptShards = keptShards;
  SUMS.doneShards = doneShards;
  SUMS.inStack = inStack;
  SUMS.kept = kept;
  SUMS.done = done;
  SUMS.scattering = scattering;
  SUMS.inRoom = inRoom;
  return SUMS;
}

interface BlockBytes {
  gathered: Bytes;
  fromHost: Bytes;
  arriving: Brought['arriving'];
  whole: Bytes;
  scattered: Bytes;
  keptShards: Bytes;
  doneShards: Bytes;
  inStack: Bytes;
  kept: Bytes;
  done: Bytes;
  scattering: Bytes;
  inRoom: Bytes;
}

/** One for all, read before the next is made: an object of ten sums for every group of every layout is what a collector of garbage has to do. */
const SUMS: BlockBytes = {
  gathered: 0,
  fromHost: 0,
  arriving: NOTHING_BROUGHT.arriving,
  whole: 0,
  scattered: 0,
  keptShards: 0,
  doneShards: 0,
  inStack: 0,
  kept: 0,
  done: 0,
  scattering: 0,
  inRoom: 0,
};

function firstBrought({ order }: PassMemory, needs: readonly GroupNeed[]): Brought {
  return order.length === 0 ? NOTHING_BROUGHT : needs[order[0]];
}

export const NO_STEP: StepClass = {
  tensors: { labels: [], bytes: [] },
  tensorBytes: 0,
  gathered: [],
  learning: [],
  learned: [],
  isLate: true,
  arriving: -1,
  scattering: -1,
};

/** The same as `forward` or `backward` of another memory of that pass. */
export function peaksOfPass(pass: PassMemory, { groups, scatters }: UnitNeed, layout: LayoutSpec, backward: boolean): PassPeaks {
  return peaksOf(pass, groups, layout, backward && scatters);
}

function peaksOf(
  { inTime, ahead, scatters, arrivals }: PassMemory,
  needs: readonly GroupNeed[],
  { overlap, offload }: LayoutSpec,
  scattersAny: boolean,
): PassPeaks {
  const isAhead = overlap.weights;
  const peaks = peaksOfSteps(isAhead ? ahead : inTime, scattersAny ? (isAhead ? scatters.ahead : scatters.inTime) : NO_STEPS, needs);
  return offload.weights ? peaksOfArrivals(peaks, overlap.weights ? arrivals.ahead : arrivals.inTime, needs) : peaks;
}

function peaksOfArrivals(steps: PassPeaks, arrivals: readonly StepClass[], needs: readonly GroupNeed[]): PassPeaks {
  const peaks = { ...steps };
  for (const one of arrivals) {
    const parts = peakParts(one, needs);
    const bytes = one.tensorBytes + parts.gathered + parts.fromHost + parts.gradients;
    if (one.arriving < 0) {
      peaks.asNext = one;
      peaks.asNextBytes = bytes;
    } else if (bytes > peaks.ownBytes) {
      peaks.own = one;
      peaks.ownBytes = bytes;
    }
  }
  return peaks;
}

const NO_STEPS: readonly StepClass[] = [];

function peaksOfSteps(classes: readonly StepClass[], scatters: readonly StepClass[], needs: readonly GroupNeed[]): PassPeaks {
  let own = NO_STEP;
  let ownBytes = 0;
  let withNext = NO_STEP;
  let withNextBytes = 0;
  for (const one of classes) {
    const bytes = bytesOf(one, needs);
    if (bytes > ownBytes) {
      own = one;
      ownBytes = bytes;
    }
    if (one.isLate && bytes > withNextBytes) {
      withNext = one;
      withNextBytes = bytes;
    }
  }
  for (const one of scatters) {
    const { scattering } = needs[one.scattering];
    const bytes = scattering <= 0 ? 0 : bytesOf(one, needs) + scattering;
    if (bytes > ownBytes) {
      own = one;
      ownBytes = bytes;
    }
    if (one.isLate && bytes > withNextBytes) {
      withNext = one;
      withNextBytes = bytes;
    }
  }
  return { own, ownBytes, withNext, withNextBytes, asNext: null, asNextBytes: 0 };
}

function bytesOf({ tensorBytes, gathered, learning, learned }: StepClass, needs: readonly GroupNeed[]): Bytes {
  let bytes = tensorBytes;
  for (let i = 0; i < gathered.length; i++) bytes += needs[gathered[i]].gathered + needs[gathered[i]].fromHost;
  for (let i = 0; i < learning.length; i++) bytes += needs[learning[i]].learning;
  for (let i = 0; i < learned.length; i++) bytes += needs[learned[i]].learned;
  return bytes;
}

export function peakParts({ gathered, learning, learned, arriving, scattering }: StepClass, needs: readonly GroupNeed[]): PeakParts {
  const sum = (rows: readonly number[], of: (need: GroupNeed) => Bytes): Bytes => rows.reduce((bytes, row) => bytes + of(needs[row]), 0);
  const there = gathered.filter((row) => row !== arriving);
  const coming = arriving < 0 ? NOTHING_BROUGHT.arriving : needs[arriving].arriving;
  return {
    gathered: sum(there, (need) => need.gathered) + coming.gathered,
    fromHost: sum(there, (need) => need.fromHost) + coming.fromHost,
    gradients:
      sum(learning, (need) => need.learning) + sum(learned, (need) => need.learned) + (scattering < 0 ? 0 : needs[scattering].scattering),
  };
}
