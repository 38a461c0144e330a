/**
 * Training: a model learns on an emulated pod, step by step, and the engine says how long each step takes on the simulated one. The outside world opens the pod (`PodRun`)
 * and keeps checkpoints; `run-training.ts` is the loop, `history.ts` what it has seen, `checkpoint.ts` what it goes on from.
 */
export { type Checkpoint, differences, printOfState, runOf } from './checkpoint.ts';
export { stepsOf } from './history.ts';
export type { OpenPodRun, PodRun } from './pod-run.ts';
export { runTraining } from './run-training.ts';
export type { Text, TrainingInput, TrainingProgress } from './training-input.ts';
