/**
 * Experiments: variants of a scenario that learn from the same seeds. `measures.ts` reads a run, `summarise.ts` makes intervals over seeds and judges claims. Who runs
 * what, and where that is kept, is the business of the outside world.
 */
export { divergedRow, runRow } from './measures.ts';
export { judge, keptGains, summariseVariants, type VariantRuns } from './summarise.ts';
