/**
 * Model: what is computed, never where: dimensions, layers, parameters and FLOPs of a Transformer with or without Switch
 * layers.
 */
export * from './spec.ts';
export * from './tensor.ts';
