/**
 * Engine: the emulator of a step. `simulate` runs a program on every device of a slice and returns a trace: spans, links, and where each device's
 * time went. It knows tasks, devices, links and groups, nothing of what they stand for. Times are whole picoseconds. Four ways lead to one trace:
 * one device for all (`fold.ts`) or every one; task by task (`sweep.ts`) or in order of time (`in-order-of-time.ts`), where events have one total
 * order (`event-order.ts`, base's queue) and collectives that meet on links share them by max-min fairness (`network/`).
 */
export { simulationBytes } from './memory.ts';
export { type SimulateOptions, simulate } from './simulate.ts';
export { type DeviceTable, type LinkUseTable, type SpanTable, spanRow, type Trace, type Way } from './trace.ts';
