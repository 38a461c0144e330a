/**
 * Program: lowers (model, layout, topology, routing, and the load where dispatch has no slots) into a checked task graph of typed arrays that the engine
 * and the closed form both read. `units/` says what each unit of a model computes, moves, reads and makes, `units/dispatches/` how tokens come to their experts;
 * `lower-chains.ts` strings them into a step, and knows nothing of what they compute.
 */
export { checkProgram } from './check.ts';
export { type TaskDurations, taskDurations } from './durations.ts';
export { type Jitter, jitterKey, jitterUnit } from './jitter.ts';
export { lowerStep } from './lower.ts';
export { type LiveMemory, liveMemory } from './memory.ts';
export { modelFlopsOf } from './model-flops.ts';
export { pieceOfWork, piecesOf, segmentsOf } from './pieces.ts';
export * from './program.ts';
export { type Rematerialised, rematerialise } from './rematerialise.ts';
export type { Sizes } from './sizes.ts';
export { type Chain, microbatchesAtEnd } from './step-schedule.ts';
export { type SwitchShape, switchShape } from './switch-shape.ts';
export type * from './unit.ts';
export { ENCODER_OUTPUT, gradientOf } from './unit.ts';
export { teacherUnitsOf, type UnitPlan, unitPlanOf, unitsOf } from './units/index.ts';
export { dispatchBytesPerPair, droplessBytesToOthers, sentBytesPerDevice } from './volume.ts';
export { type WeightBlock, type WeightTypes, WORKING_COPY, workingBytesPerWeight } from './weight-traffic.ts';
