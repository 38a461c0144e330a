/** One collective over wires that are its own: request in, numbers of every link out. */
export { AXIS_LETTERS, groupSize } from './groups.ts';
export { type CollectiveInput, checkCollective } from './request.ts';
export { runCollective } from './run-collective.ts';
