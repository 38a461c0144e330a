/**
 * Layout: how the model is cut: mesh axes over devices, which share of batch, matrices and experts a device holds, what is kept, recomputed or
 * offloaded, and what state weighs. Topology is wires, mesh is names, layout is who holds what.
 */
export * from './device-mesh.ts';
export * from './layout-spec.ts';
export * from './mesh.ts';
export * from './named/index.ts';
export * from './optimizers/index.ts';
export * from './pipeline/index.ts';
export { partOfSides, type Side, type SliceSides, sidesOfAxes } from './place-axes.ts';
export * from './remat/index.ts';
export * from './shards.ts';
export * from './state.ts';
export * from './tensor-cuts.ts';
export * from './weight-shards.ts';
