/**
 * Emulate: a pod of shards that runs the real router, dispatch and experts, and counts what they did.
 *
 * `emulate(request, executor)` plans an `EmulationJob` (every tensor and counter a window on one shared buffer, and a list of items), lets the executor run the
 * items, and collects one `Load` per router and capacity factor. Threads are the executor's business: an item's result depends on the seed and on its
 * own indices alone, and counters are written once each, so any number of threads gives the same bits. Tokens and weights are synthetic
 * (`tokens.ts`, `router-weights.ts`). `recordedLoad`, `drawnLoad` and `namedLoad` make the same loads from experts that were recorded elsewhere, drawn, or chosen by a law of imbalance.
 *
 * `pod/` learns: a small language model with Switch layers on shards, each core with its part of weights, tokens and state, forward, backward and update, over collectives
 * that move the bytes and count them. `planPod` lays its memory, `openPodStep` makes its steps.
 */
export type { ChosenRequest, Pause } from './chosen.ts';
export { DOMAINS } from './domains.ts';
export { drawnLoad } from './drawn.ts';
export { createInProcessExecutor, type Executor, emulate, type Progress } from './executor.ts';
export type { EmulationJob } from './job.ts';
export type { KernelPair } from './kernel-pair.ts';
export { mebibytes, memoryError } from './memory-error.ts';
export { namedLoad } from './named.ts';
export { planEmulation } from './plan.ts';
export { type BesideProgram, besideProgram } from './pod/beside-program.ts';
export { type TextSize, writeTexts } from './pod/corpus.ts';
export { evaluationOf, type PodEvaluation } from './pod/evaluation.ts';
export { isHealthy, updatesDone } from './pod/health.ts';
export { type LearningRateSchedule, learningRateAt } from './pod/learning-rate.ts';
export { loadOf } from './pod/load.ts';
export { planPod } from './pod/memory.ts';
export { firstNotFinite, type NotFinite } from './pod/not-finite.ts';
export {
  type LayerOutcome,
  type MovedBytes,
  movedBytesOf,
  outcomeOf,
  type StepOutcome,
  totalBytes,
} from './pod/outcome.ts';
export type { ExchangeKind, PodPlan } from './pod/plan.ts';
export type { PodOptimizer, PodRequest, PodRouting } from './pod/request.ts';
export { type PodState, readState, writeState } from './pod/state.ts';
export { lookAt, lookAtHeldOut, openPodStep } from './pod/step.ts';
export { predictionsOf, setSoftTargets } from './pod/teacher.ts';
export { recordedLoad } from './recorded.ts';
export { openEmulationStep } from './run.ts';
export { droppedTokenShare, type SampledShare, sampleEvenly } from './sampling.ts';
export { tokenDraws } from './token-draws.ts';
export * from './types.ts';
