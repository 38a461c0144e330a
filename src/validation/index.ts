/**
 * Validation: published measurements against the emulator. `replay.ts` turns a record into the scenario of its run by the same rules for all,
 * or says why it cannot; `predict.ts` simulates it; `score.ts` holds levels and ratios against their tolerances; `validate.ts` joins the three.
 * Nothing here is fitted, and nothing is dropped silently. Reading the files is the work of intake/.
 */
export type { Prediction, Wiring } from './predict.ts';
export { publishedFor } from './published-for.ts';
export type { Contrast, PublishedRecord } from './record.ts';
export { isSkipped, type Replay, replayRecord, type Skipped } from './replay.ts';
export { contrastTolerance, LEVEL_TOLERANCE } from './score.ts';
export { type Validation, type ValidationInput, type ValidationRow, type ValidationSummary, validateRecords } from './validate.ts';
