/**
 * Base: what every room needs and no room owns: units, errors that teach, keyed random numbers, the event heap, registry look-up and fingerprints.
 * Nothing here knows about chips, tokens or models.
 */
export * from './errors.ts';
export * from './fingerprint.ts';
export * from './heap.ts';
export * from './random.ts';
export * from './registry.ts';
export * from './suggest.ts';
export * from './units.ts';
