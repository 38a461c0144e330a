/**
 * Analytic: the closed-form answer for a program, beside the engine and independent of it.
 */
export * from './estimate.ts';
