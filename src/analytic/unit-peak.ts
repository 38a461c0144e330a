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
  /** Weights that are brought for the first use of a pass. */
  readonly firstUse: { readonly forward: Brought; readonly backward: Brought };
  /** Gradients of its own groups: between microbatches, while the backward pass goes on behind it, and when all is reduced. */
  readonly keptGradients: Bytes;
  readonly gradientsBehind: Bytes;
  readonly doneGradients: Bytes;
  /** Of groups that it is tied to, from here to the embedding; and what a stage keeps of them that has a copy of its own. */
  readonly tiedGradients: Bytes;
  readonly keptCopies: Bytes;
  readonly doneCopies: Bytes;
  /** Of its own groups, the copies of shards in the type of the products. */
  readonly workingBytes: Bytes;
  /** Copies that come back from the host for its backward pass. */
  readonly fetchedBytes: Bytes;
}

/** Weights that come before their use. */
export interface Brought {
  readonly gathered: Bytes;
  readonly fromHost: Bytes;
}

export const NOTHING_BROUGHT: Brought = { gathered: 0, fromHost: 0 };

/** One weight group, own or tied. */
export interface GroupNeed {
  readonly gathered: Bytes;
  readonly fromHost: Bytes;
  /**
   * Gradients beyond those that are kept between microbatches, where there are several, and beyond the stacks of a loop: while they are made, and when they
   * are complete.
   */
  readonly learning: Bytes;
  readonly learned: Bytes;
}

export function unitNeed(kind: KindCost, groups: readonly GroupCost[], layout: LayoutSpec): UnitNeed {
  const needs: GroupNeed[] = [];
  const accumulates = layout.microbatches > 1;
  let keptGradients = 0;
  let gradientsBehind = 0;
  let doneGradients = 0;
  let tiedGradients = 0;
  let keptCopies = 0;
  let doneCopies = 0;
  let workingBytes = 0;
  const inLoop = kind.loop !== null;
  for (let row = 0; row < groups.length; row++) {
    const { gathered, fromHost, whole, scattered, inStack, kept, done } = blockBytes(groups[row], layout);
    const learning = accumulates ? scattered : whole;
    const isOwn = row < kind.ownWeights;
    if (isOwn && !layout.offload.weights) workingBytes += groups[row].workingBytes;
    // What the embedding's gradient has from elsewhere waits for the rest.
    const learned = !isOwn ? learning : accumulates ? 0 : layout.overlap.gradients ? done : kept;
    needs.push(
      inLoop && isOwn
        ? { gathered, fromHost, learning: accumulates ? learning : learning - inStack, learned: 0 }
        : { gathered, fromHost, learning, learned },
    );
    if (!isOwn) {
      tiedGradients += learning;
      keptCopies += kept;
      doneCopies += done;
      continue;
    }
    keptGradients += kept;
    doneGradients += done;
    gradientsBehind += learned;
  }
  const { forward, backward } = kind.memory;
  return {
    kind,
    groups: needs,
    forward: peaksOf(layout.overlap.weights ? forward.ahead : forward.inTime, needs),
    backward: peaksOf(layout.overlap.weights ? backward.ahead : backward.inTime, needs),
    firstUse: { forward: firstBrought(forward, needs), backward: firstBrought(backward, needs) },
    keptGradients,
    gradientsBehind,
    doneGradients,
    tiedGradients,
    keptCopies,
    doneCopies,
    workingBytes,
    fetchedBytes: kind.offloadedBytes,
  };
}

/**
 * Sums over the blocks of a group: weights that are brought; gradients whole, whole and scattered later, made in their place in the stack of a loop, kept
 * between microbatches, and done.
 */
function blockBytes({ blocks }: GroupCost, { offload, zero, overlap }: LayoutSpec) {
  let gathered = 0;
  let fromHost = 0;
  let whole = 0;
  let scattered = 0;
  let inStack = 0;
  let kept = 0;
  let done = 0;
  for (const { sort, gatheredBytes, storedBytes, gradientBytes, keptGradientBytes, updateGradientBytes } of blocks) {
    if (sort.shards > 1) {
      gathered += gatheredBytes;
      scattered += gradientBytes;
    } else if (offload.weights) fromHost += storedBytes;
    whole += gradientBytes;
    const isShared = zero >= 2 && overlap.gradients && sort.copies > 1;
    if (sort.shards === 1 && !isShared) inStack += gradientBytes;
    kept += keptGradientBytes;
    done += zero >= 2 ? updateGradientBytes : keptGradientBytes;
  }
  return { gathered, fromHost, whole, scattered, inStack, kept, done };
}

function firstBrought({ order }: PassMemory, needs: readonly GroupNeed[]): Brought {
  return order.length === 0 ? NOTHING_BROUGHT : needs[order[0]];
}

const NO_STEP: StepClass = { tensors: { labels: [], bytes: [] }, tensorBytes: 0, gathered: [], learning: [], learned: [], isLate: true };

function peaksOf(classes: readonly StepClass[], needs: readonly GroupNeed[]): PassPeaks {
  let own = NO_STEP;
  let ownBytes = 0;
  let withNext = NO_STEP;
  let withNextBytes = 0;
  for (const one of classes) {
    let bytes = one.tensorBytes;
    for (const row of one.gathered) bytes += needs[row].gathered + needs[row].fromHost;
    for (const row of one.learning) bytes += needs[row].learning;
    for (const row of one.learned) bytes += needs[row].learned;
    if (bytes > ownBytes) {
      own = one;
      ownBytes = bytes;
    }
    if (one.isLate && bytes > withNextBytes) {
      withNext = one;
      withNextBytes = bytes;
    }
  }
  return { own, ownBytes, withNext, withNextBytes };
}

export function peakParts({ gathered, learning, learned }: StepClass, needs: readonly GroupNeed[]): PeakParts {
  const sum = (rows: readonly number[], of: (need: GroupNeed) => Bytes): Bytes => rows.reduce((bytes, row) => bytes + of(needs[row]), 0);
  return {
    gathered: sum(gathered, (need) => need.gathered),
    fromHost: sum(gathered, (need) => need.fromHost),
    gradients: sum(learning, (need) => need.learning) + sum(learned, (need) => need.learned),
  };
}
