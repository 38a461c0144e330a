import type { Topology } from '../../../hardware/index.ts';
import { createFairRates, dimensionOrderedRoute, type LinkUse } from '../../../network/index.ts';
import type { EngineCase } from './engine-case.ts';
import { torus } from './torus.ts';
import { wordSource } from './words.ts';

const TRANSFERS = 2000;
const CHANGES = 1000;

/** 2,000 transfers between random chips of a pod: their fair rates from nothing, and after one of them has made way for another. */
export function maxMinCases(): EngineCase[] {
  return [
    {
      name: 'max-min-full',
      title: '2,000 transfers between random chips of torus:16x24x24: all rates',
      bars: { seconds: 0.01 },
      open: () => {
        const { rates } = openTransfers();
        return {
          run: () => {
            rates.solve(true);
          },
          answer: () => ({ result: {}, errors: [] }),
        };
      },
    },
    {
      name: 'max-min-change',
      title: `the same: ${CHANGES.toLocaleString('en-US')} changes one by one`,
      bars: { seconds: 0.0003 * CHANGES },
      open: () => {
        const { rates, slots, draw } = openTransfers();
        let changes = 0;
        let before = 0;
        return {
          run: () => {
            before = rates.solved();
            for (changes = 0; changes < CHANGES; changes++) {
              const place = changes % TRANSFERS;
              rates.remove(slots[place]);
              slots[place] = rates.add(draw());
              rates.solve();
            }
          },
          answer: () => {
            const filledPerChange = (rates.solved() - before) / changes;
            const changed = slots.map((slot) => rates.rate(slot));
            rates.solve(true);
            const difference = slots.reduce((most, slot, i) => Math.max(most, Math.abs(changed[i] / rates.rate(slot) - 1)), 0);
            const errors = difference > TOLERANCE ? [`rates after changes are ${difference} off those from nothing`] : [];
            return {
              events: CHANGES,
              result: { 'filled anew per change': filledPerChange, 'largest difference to all rates': difference },
              errors,
            };
          },
        };
      },
    },
  ];
}

const TOLERANCE = 1e-12;

function openTransfers() {
  const topology = torus([16, 24, 24]);
  const draw = transferSource(topology);
  const rates = createFairRates(topology.links.count);
  const slots = Array.from({ length: TRANSFERS }, () => rates.add(draw()));
  rates.solve();
  return { rates, slots, draw };
}

/** Each would fill its links alone. */
function transferSource(topology: Topology): () => LinkUse {
  const uniform = wordSource(TRANSFERS);
  const { chips } = topology;
  return () => {
    const from = Math.floor(uniform() * chips);
    const to = (from + 1 + Math.floor(uniform() * (chips - 1))) % chips;
    const links = dimensionOrderedRoute(topology, from, to);
    return { links, shares: new Float64Array(links.length).fill(1) };
  };
}
