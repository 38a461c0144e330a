import type { Topology } from '../../../hardware/index.ts';
import { type ShortestWays, shortestWays } from '../../shortest-ways.ts';
import type { FindRoutes } from '../choose-routing.ts';

/** Shares below this are rounding. */
const NOTHING = 1e-13;

/**
 * Ways between two chips of a slice (counted within it) that put on every link what equal parts at every chip put there. The shortest ways of a pair can
 * be tens of thousands, but their flow over the links is cut into as many as it has links at most: the widest way from what is left, until
 * nothing is left.
 */
export function balancedRoutes(topology: Topology, firstChip: number): FindRoutes {
  const ways = shortestWays(topology, firstChip);
  const hopsTo = new Map<number, Uint16Array>();
  const flow = new Float64Array(ways.outLinks.length);
  const at = new Float64Array(ways.chips);
  return (from, to, emit) => {
    let hops = hopsTo.get(to);
    if (!hops) {
      ways.towards(to);
      hops = Uint16Array.from(ways.hops);
      hopsTo.set(to, hops);
    }
    const passed = spread(ways, hops, from, flow, at);
    strip(ways, hops, from, to, flow, emit);
    for (const chip of passed) flow.fill(0, ways.outOffsets[chip], ways.outOffsets[chip + 1]);
  };
}

/** One unit from `from`, in equal parts at every chip; `flow` is by place in `outLinks`. Returns the chips on the way, the destination among them. */
function spread(
  { outOffsets, outTo }: ShortestWays,
  hops: Uint16Array,
  from: number,
  flow: Float64Array,
  at: Float64Array,
): readonly number[] {
  const passed = [from];
  at[from] = 1;
  // Chips join the list level by level, so all that comes to a chip has come when its turn is there.
  for (const chip of passed) {
    let count = 0;
    for (let e = outOffsets[chip]; e < outOffsets[chip + 1]; e++) if (hops[outTo[e]] + 1 === hops[chip]) count++;
    for (let e = outOffsets[chip]; e < outOffsets[chip + 1]; e++) {
      if (hops[outTo[e]] + 1 !== hops[chip]) continue;
      flow[e] = at[chip] / count;
      if (at[outTo[e]] === 0) passed.push(outTo[e]);
      at[outTo[e]] += flow[e];
    }
    at[chip] = 0;
  }
  return passed;
}

function strip(
  { outOffsets, outLinks, outTo }: ShortestWays,
  hops: Uint16Array,
  from: number,
  to: number,
  flow: Float64Array,
  emit: (share: number, links: readonly number[]) => void,
): void {
  const places: number[] = [];
  for (let left = 1; left > 0; ) {
    let width = left;
    places.length = 0;
    for (let chip = from; chip !== to; ) {
      let widest = -1;
      for (let e = outOffsets[chip]; e < outOffsets[chip + 1]; e++) {
        if (hops[outTo[e]] + 1 === hops[chip] && (widest < 0 || flow[e] > flow[widest])) widest = e;
      }
      width = Math.min(width, flow[widest]);
      places.push(widest);
      chip = outTo[widest];
    }
    const isLast = left - width < NOTHING || width < NOTHING;
    const share = isLast ? left : width;
    for (const place of places) flow[place] -= width;
    emit(
      share,
      places.map((place) => outLinks[place]),
    );
    left = isLast ? 0 : left - width;
  }
}
