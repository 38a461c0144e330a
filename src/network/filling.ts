import { createLevelHeap } from './level-heap.ts';
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
  /** Links that the last call touched: touched[0] .. touched[count - 1]. */
  readonly touched: Int32Array;
  readonly count: number;
}

/** Links that fill at the same level differ by the rounding of sums of shares only. */
const TOLERANCE = 1e-12;

/**
 * All rates rise together until a link is full; transfers over it stop there, the others go on (Bertsekas and Gallager, Data Networks, 6.5.2).
 * The level at which a link fills can only grow while others stop, so the heap has old levels of links, and looks again at the one that comes up.
 * Only links that are asked for more than they have can fill. Scratch memory is kept between calls, and only touched links are reset.
 */
export function createFilling(linkCount: number): Filling {
  const used = new Float64Array(linkCount);
  const rising = new Float64Array(linkCount);
  const open = new Int32Array(linkCount);
  const touched = new Int32Array(linkCount);
  const heap = createLevelHeap(linkCount);
  let count = 0;

  /** Level at which the rising transfers fill a link; sums that cancel to nothing or less fill none. */
  const limit = (link: number): number => (rising[link] > 0 ? (1 - used[link]) / rising[link] : Number.POSITIVE_INFINITY);

  const collect = (live: LinkUse): void => {
    const { links, shares } = live;
    for (let i = 0; i < links.length; i++) {
      const link = links[i];
      if (open[link]++ === 0) touched[count++] = link;
      rising[link] += shares[i];
    }
  };

  const addOthers = (uses: LiveUses, { rate }: Rates, isChosen: (slot: number) => boolean): void => {
    const { first, next, slot, share } = uses;
    for (let i = 0; i < count; i++) {
      for (let entry = first[touched[i]]; entry >= 0; entry = next[entry]) {
        if (!isChosen(slot[entry])) used[touched[i]] += share[entry] * rate[slot[entry]];
      }
    }
  };

  /** Links that fill next, all at one level; empty when no link fills below level 1. */
  const fullLinks = (before: number, found: number[]): number => {
    found.length = 0;
    let level = 1;
    let bound = 1;
    while (heap.level <= bound) {
      const link = heap.pop();
      if (open[link] === 0) continue;
      const now = limit(link);
      if (now > bound || (found.length === 0 && now > heap.level)) {
        if (now < 1) heap.push(now, link);
        continue;
      }
      if (now >= 1) continue;
      found.push(link);
      level = Math.min(level, now);
      bound = Math.min(1, Math.max(level, before) * (1 + TOLERANCE));
    }
    return Math.max(level, before);
  };

  const stop = (uses: LiveUses, slot: number, level: number): void => {
    const { links, shares } = uses.use[slot] as LinkUse;
    for (let i = 0; i < links.length; i++) {
      used[links[i]] += shares[i] * level;
      rising[links[i]] -= shares[i];
      open[links[i]]--;
    }
  };

  const rise = (uses: LiveUses, { rate, bottleneck }: Rates): void => {
    const found: number[] = [];
    let level = 0;
    for (;;) {
      level = fullLinks(level, found);
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
      for (const slot of stopped) stop(uses, slot, level);
    }
  };

  return {
    touched,
    get count() {
      return count;
    },
    fill(uses, rates, chosen, isChosen) {
      count = 0;
      for (const slot of chosen) {
        collect(uses.use[slot] as LinkUse);
        rates.rate[slot] = RISING;
      }
      if (isChosen !== null) addOthers(uses, rates, isChosen);
      heap.clear();
      for (let i = 0; i < count; i++) if (used[touched[i]] + rising[touched[i]] > 1) heap.push(limit(touched[i]), touched[i]);
      rise(uses, rates);
      for (const slot of chosen) {
        if (rates.rate[slot] !== RISING) continue;
        rates.rate[slot] = 1;
        rates.bottleneck[slot] = -1;
      }
      for (let i = 0; i < count; i++) {
        used[touched[i]] = 0;
        rising[touched[i]] = 0;
        open[touched[i]] = 0;
      }
    },
  };
}

/** A rate that is not known yet. */
const RISING = -1;
