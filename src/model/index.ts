/**
 * Model: what is computed, never where: dimensions, layers, parameters and FLOPs of a Transformer with or without Switch layers, and tensors
 * as views into one buffer.
 */
export * from './flops.ts';
export * from './layers.ts';
export * from './parameters.ts';
export * from './presets/index.ts';
export * from './spec.ts';
export * from './tensor.ts';
export * from './weights.ts';
