import type { Topology } from '../../../hardware/index.ts';
import { wordSource } from './words.ts';

/** [members, members] bytes: every receiver has a weight after Zipf's law, every pair a factor of 0.5 to 1.5; nothing to oneself. `members` is a power of two. */
export function skewedTraffic(members: number): Float64Array {
  const uniform = wordSource(members);
  // An odd factor permutes ranks, so that popular receivers stand anywhere.
  const weights = Float64Array.from({ length: members }, (_, member) => 1 / (1 + ((member * 40503) % members)));
  const traffic = new Float64Array(members * members);
  for (let from = 0; from < members; from++) {
    for (let to = 0; to < members; to++) {
      const bytes = 1e6 * weights[to] * (0.5 + uniform());
      if (from !== to) traffic[from * members + to] = bytes;
    }
  }
  return traffic;
}

/** What the links must carry in sum where every byte goes a shortest way; distances by a walk over all links from every chip. One device per chip. */
export function trafficTimesDistance(topology: Topology, traffic: Float64Array): number {
  const { chips } = topology;
  const { offsets, ends } = linksByChip(topology);
  const distance = new Int32Array(chips);
  const queue = new Int32Array(chips);
  let sum = 0;
  for (let from = 0; from < chips; from++) {
    distance.fill(-1);
    distance[from] = 0;
    queue[0] = from;
    let found = 1;
    let row = 0;
    for (let next = 0; next < found; next++) {
      const chip = queue[next];
      row += distance[chip] * traffic[from * chips + chip];
      for (let i = offsets[chip]; i < offsets[chip + 1]; i++) {
        if (distance[ends[i]] >= 0) continue;
        distance[ends[i]] = distance[chip] + 1;
        queue[found++] = ends[i];
      }
    }
    sum += row;
  }
  return sum;
}

/** Links that leave chip c end at ends[offsets[c]] .. ends[offsets[c + 1] - 1]. */
function linksByChip({ chips, links }: Topology): { readonly offsets: Int32Array; readonly ends: Int32Array } {
  const offsets = new Int32Array(chips + 1);
  for (let link = 0; link < links.count; link++) offsets[links.from[link] + 1]++;
  for (let chip = 0; chip < chips; chip++) offsets[chip + 1] += offsets[chip];
  const ends = new Int32Array(links.count);
  const next = offsets.slice(0, chips);
  for (let link = 0; link < links.count; link++) ends[next[links.from[link]]++] = links.to[link];
  return { offsets, ends };
}
