import type { Bytes } from '../base/index.ts';
import { groupName, type LayoutSpec, type MeshGroup } from '../layout/index.ts';
import type { WeightMatrix } from '../model/index.ts';
import { createLateGradients, type LateGradients } from './late-gradients.ts';
import type { LiveTensor, Moment } from './live-tensors.ts';
import type { Emission, Stream, Traffic } from './stream.ts';
import type { WeightBlock } from './weight-traffic.ts';

/** A weight group of one unit on the stage that stores it. */
export interface OwnGroup {
  /** e.g. `decoder 3 attention`. */
  readonly name: string;
  readonly matrices: readonly WeightMatrix[];
  readonly blocks: readonly WeightBlock[];
  /** It is updated; a teacher's is not. */
  readonly isLearned: boolean;
  /** Name of the group of another stage that it is a copy of: an output matrix that is the embedding's. */
  readonly copyOf: string | null;
}

/** A group whose gradients may be used once `after` is done. */
export interface Reduced {
  readonly group: OwnGroup;
  readonly after: readonly number[];
}

/** What becomes of the gradients of one stage until they are updated with. */
export interface Reductions {
  /** A loop begins whose turns write the gradients of `group` into a part of a stack: that is there from now on. */
  reserve(group: OwnGroup, moment: Moment): void;
  /** What behind the backward pass, and outside of loops, is complete from now on is whole until the next loop has ended; or no loop comes any more. */
  awaitLoop(comes: boolean): void;
  loopEnded: LateGradients['loopEnded'];
  /** A step made a part of the gradient of `group`. */
  contribute(group: OwnGroup, moment: Moment): void;
  /** Nothing more comes from this microbatch, or from any. */
  complete(group: OwnGroup, moment: Moment, isLastMicrobatch: boolean): void;
  /** A backward pass has ended. */
  endOfPass(): void;
  /** All groups in the order in which they were complete. */
  reduced(): readonly Reduced[];
}

/** Key of the live range of a block's gradients as the update reads them. */
export function gradientKey({ name }: OwnGroup, block: number): string {
  return `gradient ${name} ${block}`;
}

/**
 * Reduce-scatter over the weight axes after each microbatch, and once after the last one sums: of keys and values over the members of the tensor axis that
 * hold the same heads, and of everything over the replicas, which under ZeRO leaves each of them its share. Over one group of devices one reduction follows
 * the other. With overlap all run behind the backward pass as gradients come about; without, the stream waits for each reduce-scatter where it stands,
 * because whole gradients of all layers would fill the memory, and for the sums after the pass.
 */
export function createReductions(emission: Emission, stream: Stream, layout: LayoutSpec): Reductions {
  const done: Reduced[] = [];
  const wires = createQueues(stream);
  const late = createLateGradients(emission.live, gradientTensor, stream.deviceSet);
  let waiting: OwnGroup[] = [];
  const scatter = (group: OwnGroup, index: number, made: readonly number[]): readonly number[] => {
    const block = group.blocks[index];
    if (!block.isSharded) return made;
    const scattered = wires.queue(group.name, over(block.sharded, 'reduce-scatter', block.gradientBytes), made);
    const [whole, left] = [wholeKey(group, index), gradientKey(group, index)];
    if (late.keep({ wholeKey: whole, leftKey: left, leftBytes: block.keptGradientBytes })) return [scattered.task];
    emission.live.extend(whole, scattered);
    emission.live.close(whole);
    touch(emission, stream, left, block.keptGradientBytes, scattered);
    return [scattered.task];
  };
  const sum = (group: OwnGroup, index: number, scattered: readonly number[]): readonly number[] => {
    const made = sumOfHolders(emission, wires, group, index, scattered);
    const block = group.blocks[index];
    if (!block.isReplicated) return made;
    const key = gradientKey(group, index);
    const kind = layout.zero === 0 ? 'all-reduce' : 'reduce-scatter';
    const summed = wires.queue(group.name, over(block.replicas, kind, block.shardGradientBytes), made);
    emission.live.extend(key, summed);
    if (layout.zero < 2 || late.share(key, block.updateGradientBytes)) return [summed.task];
    emission.live.close(key);
    emission.live.extend(roomKey(group, index), summed);
    emission.live.close(roomKey(group, index));
    touch(emission, stream, key, block.updateGradientBytes, summed);
    return [summed.task];
  };
  return {
    reserve(group, moment) {
      for (const index of group.blocks.keys()) {
        const [key, bytes] = stackOf(group, index, layout);
        touch(emission, stream, key, bytes, moment);
      }
    },
    awaitLoop: (comes) => late.awaitLoop(comes && layout.overlap.gradients),
    loopEnded: late.loopEnded,
    contribute(group, moment) {
      for (const [index, { isSharded, gradientBytes }] of group.blocks.entries()) {
        touch(emission, stream, isSharded ? wholeKey(group, index) : gradientKey(group, index), gradientBytes, moment);
      }
    },
    complete(group, { task }, isLast) {
      if (layout.overlap.gradients) {
        const scattered = group.blocks.map((_, index) => scatter(group, index, [task]));
        if (isLast) done.push({ group, after: ofAllBlocks(group, (index) => sum(group, index, scattered[index])) });
        return;
      }
      if (group.blocks.some(({ isSharded }) => isSharded)) {
        const after = stream.soFar();
        stream.wait(ofAllBlocks(group, (index) => scatter(group, index, after)));
      }
      if (isLast) waiting.push(group);
    },
    endOfPass() {
      if (waiting.length === 0) return;
      const after = stream.soFar();
      for (const group of waiting) done.push({ group, after: ofAllBlocks(group, (index) => sum(group, index, after)) });
      waiting = [];
      stream.wait(wires.takeTails());
    },
    reduced: () => done,
  };
}

/** Keys and values have as many gradients as members of the tensor axis hold the same heads. */
function sumOfHolders({ live }: Emission, wires: Queues, group: OwnGroup, index: number, made: readonly number[]): readonly number[] {
  const { holders, heldGradientBytes } = group.blocks[index];
  if (heldGradientBytes === 0) return made;
  const summed = wires.queue(group.name, over(holders, 'all-reduce', heldGradientBytes), made);
  live.extend(gradientKey(group, index), summed);
  return [summed.task];
}

type Queues = ReturnType<typeof createQueues>;

/** Collectives of one group of devices, one after the other. */
function createQueues(stream: Stream) {
  const tails = new Map<string, number>();
  return {
    queue(name: string, traffic: Traffic, after: readonly number[]): Moment {
      const key = groupName(traffic.group);
      const tail = tails.get(key);
      const label = { name: `${name}: gradient ${traffic.collective}`, part: 'gradient reduction', stage: 'wgrad' as const };
      const moment = stream.collectiveBeside(label, traffic, tail === undefined ? after : [...new Set([tail, ...after])]);
      tails.set(key, moment.task);
      return moment;
    },
    /** The last of each group; what comes next begins anew. */
    takeTails(): number[] {
      const last = [...tails.values()];
      tails.clear();
      return last;
    },
  };
}

function touch({ live }: Emission, { deviceSet }: Stream, key: string, bytes: Bytes, moment: Moment): void {
  live.touch(key, gradientTensor(bytes), moment, deviceSet);
}

function gradientTensor(bytes: Bytes): LiveTensor {
  return { label: 'gradients', bytes };
}

/** Tasks of all blocks, each once. */
function ofAllBlocks({ blocks }: OwnGroup, of: (index: number) => readonly number[]): number[] {
  return [...new Set(Array.from(blocks.keys()).flatMap((index) => of(index)))];
}

/** Key and bytes of a block's part of the stack of a loop. */
function stackOf(group: OwnGroup, index: number, layout: LayoutSpec): [key: string, bytes: Bytes] {
  const block = group.blocks[index];
  return sharesInTheLoop(block, layout)
    ? [roomKey(group, index), block.updateGradientBytes]
    : [gradientKey(group, index), block.keptGradientBytes];
}

/** What a turn of a loop leaves is its share of the summed gradient, and what its products make is apart from that. */
function sharesInTheLoop({ isReplicated }: WeightBlock, { zero, overlap, microbatches }: LayoutSpec): boolean {
  return isReplicated && zero >= 2 && overlap.gradients && microbatches === 1;
}

function roomKey({ name }: OwnGroup, block: number): string {
  return `room for gradient ${name} ${block}`;
}

function wholeKey({ name }: OwnGroup, block: number): string {
  return `whole gradient ${name} ${block}`;
}

function over(group: MeshGroup, collective: 'all-reduce' | 'reduce-scatter', bytes: number): Traffic {
  return { collective, group, bytes, traffic: null };
}
