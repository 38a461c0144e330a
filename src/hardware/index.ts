/**
 * Hardware: chips and wires as plain data: what a chip can do per second (`chip.ts`, `core-time.ts`), which directed links join the chips of a
 * slice (`topology.ts`, `wires.ts`), and what slices are called (`slice-names.ts`, `bare-grid.ts`). The numbers themselves stand in `topologies/`.
 */
export * from './bare-grid.ts';
export * from './chip.ts';
export * from './core-time.ts';
export * from './curves.ts';
export { chipAt, coordinateAlong, coordinatesOf, stridesOf } from './grid.ts';
export { hostGrid, hostLinks, hostOf, linksOverHosts, networkLinks } from './hosts.ts';
export * from './matmul.ts';
export * from './matmul-cost.ts';
export { neighbourOf } from './neighbour.ts';
export { partOfChip } from './part-of-chip.ts';
export * from './slice-names.ts';
export * from './systolic.ts';
export * from './topology.ts';
export * from './twist.ts';
export * from './wire-rules.ts';
export * from './wires.ts';
