import type { HopTable } from './hop-table.ts';

/** Links from one chip to the last one of its line: all the way round a ring, or from end to end; of the longest line of dimension k. */
export function longestPass({ sides, strides, lineStarts, offsets, grid }: HopTable, k: number): number {
  const [side, stride, { chips }] = [sides[k], strides[k], grid];
  let longest = 0;
  for (let first = 0; first < chips; first++) {
    if (Math.floor(first / stride) % side !== 0) continue;
    for (let d = 0; d < 2; d++) {
      let links = 0;
      let shortest = Number.POSITIVE_INFINITY;
      for (let at = 0; at < side; at++) {
        const hop = (k * chips + first + at * stride) * 2 + d;
        links += offsets[hop + 1] - offsets[hop];
        shortest = Math.min(shortest, offsets[hop + 1] - offsets[hop]);
      }
      // A line has no hop at its end; a ring is not closed by the last pass.
      longest = Math.max(longest, lineStarts[k][first] < 0 ? links - shortest : links);
    }
  }
  return longest;
}
