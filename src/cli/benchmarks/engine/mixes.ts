import { fluidAgainstHop, type ModelDistance } from '../../../network/index.ts';
import type { EngineCase } from './engine-case.ts';

const MIXES = { seed: 1, mixes: 200, chunkBytes: 2 ** 16 };
/** How far nineteen in twenty transfers may be from what their chunks take. */
const TOLERANCE = 0.05;

/** Transfers that meet on links: by rates that share them, and by chunks that take turns. */
export function mixCases(): EngineCase[] {
  return [
    {
      name: 'fluid-against-hop',
      title: 'fluid and hop, 200 mixes of 2 to 40 transfers on torus:4x4 and torus:4x4x4',
      bars: {},
      open: () => {
        let found: ModelDistance | undefined;
        return {
          run: () => {
            found = fluidAgainstHop(MIXES);
          },
          answer: () => {
            const { transfers, mixes } = found ?? fluidAgainstHop(MIXES);
            const errors = transfers.p95 > TOLERANCE || mixes.p95 > TOLERANCE ? ['more than one in twenty is over 5 % off'] : [];
            return {
              result: {
                transfers: transfers.count,
                'median |fluid / hop - 1|': transfers.median,
                p95: transfers.p95,
                max: transfers.max,
                'whole mixes, p95': mixes.p95,
                'whole mixes, max': mixes.max,
              },
              errors,
            };
          },
        };
      },
    },
  ];
}
