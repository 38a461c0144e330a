/**
 * Program: lowers (model, layout, topology, routing) into a checked task graph of typed arrays that the engine and the
 * closed form both read.
 */
export * from './program.ts';
