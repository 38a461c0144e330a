import type { Bytes, Seconds } from '../base/index.ts';
import type { Phase } from './plan.ts';

/** Bytes on links as they are counted, in any order; a group that uses few links costs few steps. */
export interface LinkLoads {
  add(link: number, bytes: Bytes): void;
  /** Links with load, ascending, each once. */
  phase(latencySeconds: Seconds): Phase;
}

export function createLinkLoads(linkCount: number): LinkLoads {
  const links: number[] = [];
  const loads: number[] = [];
  return {
    add(link, bytes) {
      links.push(link);
      loads.push(bytes);
    },
    phase(latencySeconds) {
      if (links.length * DENSE > linkCount) {
        const sums = new Float64Array(linkCount);
        for (let i = 0; i < links.length; i++) sums[links[i]] += loads[i];
        return phaseOf(sums, latencySeconds);
      }
      // Sorted by link, and within a link as they came.
      const keys = new Float64Array(links.length);
      for (let i = 0; i < keys.length; i++) keys[i] = links[i] * links.length + i;
      keys.sort();
      const rows: number[] = [];
      const sums: number[] = [];
      for (let k = 0; k < keys.length; k++) {
        const i = keys[k] % links.length;
        const last = rows.length - 1;
        if (rows[last] === links[i]) sums[last] += loads[i];
        else if (loads[i] > 0) {
          rows.push(links[i]);
          sums.push(loads[i]);
        }
      }
      return { links: new Uint32Array(rows), bytes: new Float64Array(sums), latencySeconds, localBytes: 0 };
    },
  };
}

/** Drops the links without load. */
export function phaseOf(loads: Float64Array, latencySeconds: Seconds): Phase {
  let count = 0;
  for (let row = 0; row < loads.length; row++) if (loads[row] > 0) count++;
  const links = new Uint32Array(count);
  const bytes = new Float64Array(count);
  for (let row = 0, i = 0; row < loads.length; row++) {
    if (!(loads[row] > 0)) continue;
    links[i] = row;
    bytes[i++] = loads[row];
  }
  return { links, bytes, latencySeconds, localBytes: 0 };
}

/** Bytes that stay within their chips; no phase at all when there are none. */
export function localPhases(localBytes: Bytes): Phase[] {
  return localBytes > 0 ? [{ links: new Uint32Array(0), bytes: new Float64Array(0), latencySeconds: 0, localBytes }] : [];
}

/** One table over all links is quicker than sorting where at least one link in this many has load. */
const DENSE = 16;
