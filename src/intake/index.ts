/**
 * Intake: files into plain data. Scenarios and chips are YAML or JSON, recorded choices CSV, NPY or Parquet, models also configurations of Hugging Face
 * and MaxText. A file is checked for shape, names and rules across
 * fields, and everything wrong with it is reported at once: code, place, path, value, rule, remedy. What leaves the room is resolved and right.
 */
export { type AxesOption, parseAxesOption } from './axes-option.ts';
export { encodeCheckpoint, readCheckpoint } from './checkpoint-file.ts';
export { chipNames, findChip } from './chips.ts';
export type { Imported } from './importers/imported.ts';
export type { MaxTextImport, MaxTextOptions } from './importers/maxtext/import-maxtext.ts';
export { scenarioJsonSchema } from './json-schema.ts';
export { type NamedLayoutOption, parseLayoutOption } from './layout-option.ts';
export { type LoadedExperiment, loadExperiment } from './load-experiment.ts';
export { parseLoadOption } from './load-option.ts';
export { type LoadedScenario, loadScenario, parseScenario } from './load-scenario.ts';
export { type MaxTextDocument, maxTextDocument } from './maxtext-document.ts';
export { loadMicrobench, loadWorkedProblems } from './microbench.ts';
export { loadContrasts, loadPublished, publishedFiles, shippedContrasts } from './published.ts';
export { parseBandwidth, parseBytes, parseDuration, type Quantity } from './quantities.ts';
export { readTextOrThrow, SIZE_LIMITS } from './read-text.ts';
export { readTrace, type TraceFile } from './read-trace.ts';
export type { Overrides } from './resolve-scenario.ts';
export type { Wrap } from './resolve-topology.ts';
export { BARE_GRID_CHIP, type ResolvedWires, resolveWires, type WireOptions } from './resolve-wires.ts';
export { findSlice, type SliceFile, sliceFileNames } from './slices.ts';
export { isShippedText, loadTexts, shippedTexts } from './texts.ts';
export { parseTraceCsv } from './trace-csv.ts';
export { readTrafficCsv, type TrafficFile } from './traffic-csv.ts';
export type { InfeasibleCombination, LoadedVariant } from './variants.ts';
