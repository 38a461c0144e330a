/**
 * Study: the only room that joins the others: one scenario in, one result out. It lowers and simulates the step, routes the tokens on the
 * executor that it is given, and writes down metrics, pictures' data, assumptions and warnings. Runs in Node, in a worker or in a browser.
 */

export * from './collective/index.ts';
export * from './experiments/index.ts';
export * from './inspection/index.ts';
export { type MemoryMisfit, memoryMisfit } from './memory-misfit.ts';
export { tokensPerStep } from './metric-values.ts';
export { type Learning, podRequestOf } from './pod-request.ts';
export { doesNotFit } from './result-warnings.ts';
export { type ComparisonStudy, runComparison, type VariedScenario } from './run-comparison.ts';
export { runStudy, type StudyInput, type StudyOutput, simulateStep } from './run-study.ts';
export * from './training/index.ts';
