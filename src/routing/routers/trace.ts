import { defineRouter } from '../define-router.ts';
import { wholeNumber } from '../options.ts';
import { assignRecorded } from '../recorded.ts';
import { required } from '../required.ts';

/** Experts that a model chose and somebody recorded; only the seating is done here. Gates were not recorded, so a kept choice weighs 1 / topK. */
export const trace = defineRouter({
  title: 'Recorded choices',
  source: 'recorded expert ids of a model',
  options: { topK: wholeNumber(1, 1, 64, 'recorded experts per token') },
  create: ({ topK }) => ({
    topK,
    learned: false,
    reads: ['recorded'],
    allToAlls: 2,
    rows: ({ tokens }) => tokens * topK,
    ownCapacity: null,
    route: (input, into) => {
      assignRecorded({ ...input, topK, expert: required(input, 'recorded') }, into);
    },
    auxiliaryLoss: () => 0,
    backward: () => {
      // The gate that chose is not here.
    },
  }),
});
