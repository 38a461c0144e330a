/**
 * Plan: which slice to take. `rank-slices.ts` lowers one scenario for every candidate slice that it is handed, ranks the feasible ones by the
 * closed form, marks those that no other beats in time and money, and says of each of the others what stands against it.
 */
export { powerOfTwoSlices, type SliceCandidate } from './candidates.ts';
export { onSlice } from './on-slice.ts';
export { type Costs, dominates, paretoFront } from './pareto.ts';
export { type Plan, type PlanInput, type RankedSlice, type RejectedSlice, rankSlices } from './rank-slices.ts';
