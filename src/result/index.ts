/**
 * Result: metrics with unit, definition and origin, and the comparison of several results.
 */
export * from './types.ts';
