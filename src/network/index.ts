/**
 * Network: how long bytes take over directed links, in three models, each the oracle of the one before it: `ideal` (alone on idle wires), `fluid`
 * (live transfers share links by max-min fairness) and `hop` (every chunk over every hop). `MODELS` has them behind one interface (`model.ts`);
 * the engine uses the parts of the fluid: `transfer-events.ts`, `live-transfers.ts` and the rate solver below them.
 */
export { fluidAgainstHop, type ModelDistance } from './compare-models.ts';
export { dimensionOrderedRoute } from './dimension-ordered-route.ts';
export { createFairRates } from './fair-rates.ts';
export { hopEstimate } from './hop-work.ts';
export * from './live-transfers.ts';
export type { LinkUse } from './live-uses.ts';
export * from './model.ts';
export * from './phase-transfer.ts';
export * from './registry.ts';
export { createTransferEvents } from './transfer-events.ts';
export * from './transfer-job.ts';
