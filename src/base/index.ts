/**
 * Base: what every room needs and no room owns: units, errors that teach, keyed random numbers, elementary functions with the same bits
 * everywhere, the event queue, registry look-up and fingerprints.
 * Nothing here knows about chips, tokens or models.
 */
export * from './activations.ts';
export * from './divisors.ts';
export * from './elementary.ts';
export * from './elementary-trigonometry.ts';
export * from './errors.ts';
export { createEventHeap, type EventQueue } from './event-heap.ts';
export { createEventQueue } from './event-queue.ts';
export * from './fingerprint.ts';
export * from './finite.ts';
export * from './normal.ts';
export * from './permutations.ts';
export * from './random.ts';
export * from './registry.ts';
export * from './remember.ts';
export * from './suggest.ts';
export * from './units.ts';
