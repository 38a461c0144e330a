/**
 * Hardware: chips and wires as plain data: what a chip can do per second, and which directed links join the chips of a
 * slice.
 */
export * from './chip.ts';
export * from './core-time.ts';
export * from './slice-names.ts';
export * from './topology.ts';
export * from './wires.ts';
