/**
 * Collectives: who sends what to whom over which links, one file per algorithm; closed forms and link loads, no clocks.
 */
export * from './plan.ts';
