import { createLevelHeap, type LevelHeap } from './level-heap.ts';
import type { LinkUse, LiveUses } from './live-uses.ts';

/** What is known of every live transfer, by slot. */
export interface Rates {
  rate: Float64Array;
  /** The full link on which nobody is faster; -1 at rate 1. */
  bottleneck: Int32Array;
}

/** Progressive filling of some of the live transfers, while the others keep their rates. */
export interface Filling {
  /** Writes rate and bottleneck of the slots of `chosen`; `isChosen` tells them from the others, null when there are no others. */
  fill(uses: LiveUses, rates: Rates, chosen: readonly number[], isChosen: ((slot: number) => boolean) | null): void;
  /** Links that the last call touched: touched[0] .. touched[count() - 1]. */
  readonly touched: Int32Array;
  count(): number;
}

/** Links that fill at the same level differ by the rounding of sums of shares only. */
const TOLERANCE = 1e-12;

/**
 * All rates rise together until a link is full; transfers over it stop there, the others go on (Bertsekas and Gallager, Data Networks, 6.5.2).
 * The level at which a link fills can only grow while others stop, so the heap has old levels of links, and looks again at the one that comes up.
 * Only links that are asked for more than they have can fill. Scratch memory is kept between calls, and only touched links are reset.
 */
export function createFilling(linkCount: number): Filling {
  const scratch: Scratch = {
    used: new Float64Array(linkCount),
    rising: new Float64Array(linkCount),
    open: new Int32Array(linkCount),
    touched: new Int32Array(linkCount),
    count: 0,
    heap: createLevelHeap(linkCount),
  };
  return {
    touched: scratch.touched,
    count: () => scratch.count,
    fill(uses, rates, chosen, isChosen) {
      scratch.count = 0;
      for (const slot of chosen) {
        collect(scratch, uses.use[slot] as LinkUse);
        rates.rate[slot] = RISING;
      }
      if (isChosen !== null) addOthers(scratch, uses, rates, isChosen);
      rise(scratch, uses, rates);
      for (const slot of chosen) {
        if (rates.rate[slot] !== RISING) continue;
        rates.rate[slot] = 1;
        rates.bottleneck[slot] = -1;
      }
      reset(scratch);
    },
  };
}

/** [links] each, zero between calls. */
interface Scratch {
  /** Share that is taken by transfers which do not rise. */
  readonly used: Float64Array;
  /** Sum of the shares of those that rise, and how many they are. */
  readonly rising: Float64Array;
  readonly open: Int32Array;
  readonly touched: Int32Array;
  count: number;
  readonly heap: LevelHeap;
}

/** A rate that is not known yet. */
const RISING = -1;

function collect(scratch: Scratch, { links, shares }: LinkUse): void {
  const { rising, open, touched } = scratch;
  for (let i = 0; i < links.length; i++) {
    const link = links[i];
    if (open[link]++ === 0) touched[scratch.count++] = link;
    rising[link] += shares[i];
  }
}

function addOthers({ used, touched, count }: Scratch, uses: LiveUses, { rate }: Rates, isChosen: (slot: number) => boolean): void {
  const { first, next, slot, share } = uses;
  for (let i = 0; i < count; i++) {
    for (let entry = first[touched[i]]; entry >= 0; entry = next[entry]) {
      if (!isChosen(slot[entry])) used[touched[i]] += share[entry] * rate[slot[entry]];
    }
  }
}

function rise(scratch: Scratch, uses: LiveUses, { rate, bottleneck }: Rates): void {
  const { used, rising, touched, count, heap } = scratch;
  heap.clear();
  for (let i = 0; i < count; i++) if (used[touched[i]] + rising[touched[i]] > 1) heap.push(limit(scratch, touched[i]), touched[i]);
  const found: number[] = [];
  let level = 0;
  for (;;) {
    level = fullLinks(scratch, level, found);
    if (found.length === 0) return;
    const stopped: number[] = [];
    for (const link of found) {
      for (let entry = uses.first[link]; entry >= 0; entry = uses.next[entry]) {
        const slot = uses.slot[entry];
        if (rate[slot] !== RISING) continue;
        rate[slot] = level;
        bottleneck[slot] = link;
        stopped.push(slot);
      }
    }
    // Sums are taken in the order in which transfers came, whatever the order of the links.
    stopped.sort((a, b) => uses.sequence[a] - uses.sequence[b]);
    for (const slot of stopped) stop(scratch, uses.use[slot] as LinkUse, level);
  }
}

/** Puts into `found` the links that fill next, all at the level that is returned; none when no link fills below level 1. */
function fullLinks(scratch: Scratch, before: number, found: number[]): number {
  const { open, heap } = scratch;
  found.length = 0;
  let level = 1;
  let bound = 1;
  while (heap.level() <= bound) {
    const link = heap.pop();
    if (open[link] === 0) continue;
    const now = limit(scratch, link);
    if (now >= 1) continue;
    if (now > bound || (found.length === 0 && now > heap.level())) {
      heap.push(now, link);
      continue;
    }
    found.push(link);
    level = Math.min(level, now);
    bound = Math.min(1, Math.max(level, before) * (1 + TOLERANCE));
  }
  return Math.max(level, before);
}

/** Level at which the rising transfers fill a link; sums that cancel to nothing or less fill none. */
function limit({ used, rising }: Scratch, link: number): number {
  return rising[link] > 0 ? (1 - used[link]) / rising[link] : Number.POSITIVE_INFINITY;
}

function stop({ used, rising, open }: Scratch, { links, shares }: LinkUse, level: number): void {
  for (let i = 0; i < links.length; i++) {
    used[links[i]] += shares[i] * level;
    rising[links[i]] -= shares[i];
    open[links[i]]--;
  }
}

function reset({ used, rising, open, touched, count }: Scratch): void {
  for (let i = 0; i < count; i++) {
    used[touched[i]] = 0;
    rising[touched[i]] = 0;
    open[touched[i]] = 0;
  }
}
