import * as fc from 'fast-check';
import { type HostSpec, LinkKind, type Topology, twistOf } from '../../src/hardware/index.ts';
import { grid } from './grids.ts';

export const HOSTS: HostSpec = { shape: [2, 1, 1], pcieBytesPerSecond: 32e9, nicBytesPerSecond: 12.5e9, latencySeconds: 2e-5 };

/** Grids of 1 to 3 dimensions, open and closed, with one device or two per chip. */
export const plainWires = fc
  .record({
    shape: fc.constantFrom([4], [5], [6], [2, 2], [3, 4], [4, 4], [2, 3, 4], [1, 4, 3]),
    wrap: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    devicesPerChip: fc.constantFrom(1, 2),
  })
  .map(({ shape, wrap, devicesPerChip }) => grid(shape, wrap.slice(0, shape.length), { devicesPerChip }));

/** Closed grids with some wires out of order, as far as all chips stay joined. */
export const brokenWires = fc
  .record({
    shape: fc.constantFrom([5], [3, 3], [4, 4], [2, 3, 4], [3, 5]),
    wrap: fc.boolean(),
    cuts: fc.array(fc.nat(1000), { minLength: 1, maxLength: 4 }),
  })
  .map(({ shape, wrap, cuts }) => withoutWires(shape, wrap, cuts));

export const twistedWires = fc
  .record({ shape: fc.constantFrom([2, 4], [4, 8], [2, 2, 4], [4, 4, 8], [2, 4, 4]), devicesPerChip: fc.constantFrom(1, 2) })
  .map(({ shape, devicesPerChip }) => grid(shape, true, { devicesPerChip, twist: twistOf(shape) ?? undefined }));

export const slicedWires = fc
  .record({ shape: fc.constantFrom([4], [2, 2], [3, 4]), slices: fc.constantFrom(2, 3), devicesPerChip: fc.constantFrom(1, 2) })
  .map(({ shape, slices, devicesPerChip }) => grid(shape, true, { slices, devicesPerChip, host: HOSTS }));

export const anyWires = fc.oneof(plainWires, brokenWires, twistedWires, slicedWires);

/** Takes wires out one at a time and puts those back without which the slice falls apart. */
function withoutWires(shape: readonly number[], wrap: boolean, cuts: readonly number[]): Topology {
  const whole = grid(shape, wrap);
  const brokenLinks: [number, number][] = [];
  for (const cut of cuts) {
    const row = cut % whole.links.count;
    const pair: [number, number] = [whole.links.from[row], whole.links.to[row]];
    if (brokenLinks.some(([a, b]) => (a === pair[0] && b === pair[1]) || (a === pair[1] && b === pair[0]))) continue;
    if (isJoined(whole, [...brokenLinks, pair])) brokenLinks.push(pair);
  }
  return grid(shape, wrap, { brokenLinks });
}

function isJoined({ links, chips }: Topology, without: readonly (readonly [number, number])[]): boolean {
  const reached = new Set([0]);
  for (const chip of reached) {
    for (let row = 0; row < links.count; row++) {
      const [from, to] = [links.from[row], links.to[row]];
      const isBroken = without.some(([a, b]) => (a === from && b === to) || (a === to && b === from));
      if (from === chip && !isBroken) reached.add(to);
    }
  }
  return reached.size === chips;
}

/** [chips][chips]: hops of a shortest way within a slice, by relaxing every link until nothing changes; Infinity between slices. */
export function hopsBetween({ links, chips }: Topology): number[][] {
  const hops = Array.from({ length: chips }, (_, from) => Array.from({ length: chips }, (__, to) => (from === to ? 0 : Infinity)));
  for (let changed = true; changed; ) {
    changed = false;
    for (let row = 0; row < links.count; row++) {
      if (links.kind[row] !== LinkKind.ici) continue;
      for (let to = 0; to < chips; to++) {
        const over = hops[links.to[row]][to] + 1;
        if (over >= hops[links.from[row]][to]) continue;
        hops[links.from[row]][to] = over;
        changed = true;
      }
    }
  }
  return hops;
}
