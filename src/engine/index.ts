/**
 * Engine: the discrete-event emulator. `simulate` runs a program on every device of a slice and returns a trace: spans, links, and where each
 * device's time went. It knows tasks, devices and links, nothing of what they stand for. Times are whole picoseconds; events have one total
 * order (`events.ts`, base's heap); collectives that meet on links share them by max-min fairness (`network/`).
 */
export { neededCollectives } from './device-accounts.ts';
export { simulate } from './simulate.ts';
export * from './trace.ts';
