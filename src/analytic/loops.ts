import type { Bytes } from '../base/index.ts';
import type { UnitBlock } from './blocks.ts';
import type { ChainNeed } from './run-peak.ts';
import type { UnitNeed } from './unit-peak.ts';

/** A loop over units, as the backward pass comes through it. */
export interface Loop {
  readonly name: string;
  /** When the pass has left it: what units before it keep. */
  readonly held: Bytes;
  /** When it begins: gradients of it and of units behind it, and copies of weights that only those read. */
  readonly behind: Bytes;
  readonly released: Bytes;
  /** What all its turns keep, and the copies of their weights. */
  readonly keeps: Bytes;
  readonly working: Bytes;
  /** Gradients of units behind it that are whole until it has ended, beyond what is left of them then. */
  readonly late: Bytes;
}

/** The loop that the block at `first` of a run is in: that of the block `before` it, or one that begins here; null where it stands alone. */
export function loopAt(
  { cost }: ChainNeed,
  needs: readonly UnitNeed[],
  blocks: readonly UnitBlock[],
  first: number,
  before: Loop | null,
  start: Pick<Loop, 'held' | 'behind' | 'released'>,
  lateOf: (need: UnitNeed) => Bytes,
): Loop | null {
  const loopOf = ({ kind }: UnitBlock): string | null => cost.kinds[kind].loop;
  const name = loopOf(blocks[first]);
  if (name === null) return null;
  if (before?.name === name) return before;
  let keeps = 0;
  let working = 0;
  let late = 0;
  let i = first;
  for (; i < blocks.length && loopOf(blocks[i]) === name; i++) {
    const { kind, count } = blocks[i];
    keeps += cost.learns ? needs[kind].kind.memory.heldBytes * count : 0;
    working += workingOf(needs[kind]) * count;
  }
  for (; cost.learns && i < blocks.length && loopOf(blocks[i]) === null; i++) late += lateOf(needs[blocks[i].kind]) * blocks[i].count;
  return { name, ...start, keeps, working, late };
}

/** Copies of a unit's weights in the type of the products. */
export function workingOf({ workingBytes }: UnitNeed): Bytes {
  return workingBytes;
}
