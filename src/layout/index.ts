/**
 * Layout: how the model is cut: mesh axes over devices, which share of batch and experts a device holds, and what its state weighs.
 * Topology is wires, mesh is names, layout is who holds what.
 */
export * from './mesh.ts';
export * from './optimizers/index.ts';
export * from './shards.ts';
export * from './state.ts';
