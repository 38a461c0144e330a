import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { dimensionOrderedRoute } from '../../src/network/index.ts';
import { hopsBetween, plainWires } from '../collectives/wires-of-all-sorts.ts';

test('a dimension-ordered route is a shortest way, and crosses one dimension after the other', () => {
  fc.assert(
    fc.property(plainWires, (topology) => {
      const { links, chips } = topology;
      const hops = hopsBetween(topology);
      for (let from = 0; from < chips; from++) {
        for (let to = 0; to < chips; to++) {
          const route = dimensionOrderedRoute(topology, from, to);
          expect(route.length).toBe(hops[from][to]);
          expect(route.reduce((at, link) => (links.from[link] === at ? links.to[link] : -1), from)).toBe(to);
          expect(Array.from(route, (link) => links.axis[link])).toEqual(Array.from(route, (link) => links.axis[link]).sort());
        }
      }
    }),
    { numRuns: 40, seed: 91 },
  );
});
