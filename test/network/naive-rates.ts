import type { LinkUse } from '../../src/network/live-uses.ts';

/** Progressive filling by definition, all links looked at in every round: the oracle of the solver that keeps its answers. */
export function naiveRates(linkCount: number, live: readonly LinkUse[]): number[] {
  const rates = new Float64Array(live.length);
  createRateSolver(linkCount).solve(live, rates);
  return [...rates];
}

/** Scratch memory over all links, kept between calls; only touched links are reset. */
interface RateSolver {
  /** Writes the rate of `live[i]` to `rates[i]`. */
  solve(live: readonly LinkUse[], rates: Float64Array): void;
}

function createRateSolver(linkCount: number): RateSolver {
  const used = new Float64Array(linkCount);
  const rising = new Float64Array(linkCount);
  const users = new Int32Array(linkCount);
  const touched = new Int32Array(linkCount);

  /** Collects the links that the live transfers use; true when some link has two users. */
  const collect = (live: readonly LinkUse[]): { count: number; shared: boolean } => {
    let count = 0;
    let shared = false;
    for (const { links, shares } of live) {
      for (let i = 0; i < links.length; i++) {
        const link = links[i];
        if (users[link]++ === 0) touched[count++] = link;
        else shared = true;
        rising[link] += shares[i];
      }
    }
    return { count, shared };
  };

  /** Level at which the rising transfers fill a link; sums that cancel to nothing or less fill none. */
  const limit = (link: number): number => (rising[link] > 0 ? (1 - used[link]) / rising[link] : Number.POSITIVE_INFINITY);

  /** Level at which the first link fills up: at most 1, and never below the level before, whatever the rounding of the sums. */
  const nextLevel = (count: number, before: number): number => {
    let level = 1;
    for (let i = 0; i < count; i++) if (users[touched[i]] > 0) level = Math.min(level, limit(touched[i]));
    return Math.max(level, before);
  };

  const fill = (live: readonly LinkUse[], rates: Float64Array, count: number): void => {
    const open = new Set(live.keys());
    let level = 0;
    while (open.size > 0) {
      level = nextLevel(count, level);
      const full = level * (1 + TOLERANCE);
      const stopped = [...open].filter((i) => level === 1 || live[i].links.some((link) => limit(link) <= full));
      for (const i of stopped) {
        open.delete(i);
        rates[i] = level;
        const { links, shares } = live[i];
        for (let j = 0; j < links.length; j++) {
          used[links[j]] += shares[j] * level;
          rising[links[j]] -= shares[j];
          users[links[j]]--;
        }
      }
    }
  };

  return {
    solve(live, rates) {
      const { count, shared } = collect(live);
      if (shared || live.some(({ shares }) => shares.some((share) => share > 1))) fill(live, rates, count);
      else rates.fill(1, 0, live.length);
      for (let i = 0; i < count; i++) {
        const link = touched[i];
        used[link] = 0;
        rising[link] = 0;
        users[link] = 0;
      }
    },
  };
}

/** Links that fill at the same level differ by the rounding of sums of shares only. */
const TOLERANCE = 1e-12;
