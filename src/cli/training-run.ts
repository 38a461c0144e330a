import { join } from 'node:path';
import { InputError } from '../base/index.ts';
import { openPodThreads } from '../cluster/index.ts';
import { encodeCheckpoint, type LoadedScenario, loadTexts, readCheckpoint } from '../intake/index.ts';
import type { TrainingResult } from '../result/index.ts';
import { type LearningSpec, learningIssues } from '../scenario/index.ts';
import {
  type Checkpoint,
  differences,
  runOf,
  runTraining,
  stepsOf,
  type Text,
  type TrainingInput,
  type TrainingProgress,
} from '../study/index.ts';
import type { CommandContext } from './command.ts';
import { createPause } from './interrupt.ts';
import { TRAINING_FILES } from './output-files.ts';
import { packageVersion } from './version.ts';
import { writeAtomic } from './write-atomic.ts';

/** Threads, and how they run kernels. */
export interface KernelOptions {
  readonly threads?: number;
  readonly kernels?: string;
}

/** A run that may begin: everything was read, and nothing is wrong. */
export interface PreparedRun {
  readonly loaded: LoadedScenario;
  readonly texts: readonly Text[];
  readonly folder: string;
  /** What makes it what it is. */
  readonly run: Readonly<Record<string, string>>;
  readonly others: OtherRuns;
  /** What it goes on from; null: it begins. */
  readonly start: Checkpoint | null;
}

/** What a run takes of others that have ended: what it begins with, and who teaches it. */
export type OtherRuns = Pick<TrainingInput, 'origin' | 'teacher'>;

/** Where the choices of a run would come from that does not learn. */
const LOAD_WARNINGS: readonly string[] = ['W_CLUSTERING_ASSUMED', 'W_SAMPLED', 'W_EMULATE_BUDGET', 'W_VERIFIED_LESS', 'W_CHOICES_GIVEN'];

/** Looks for everything that a run in that folder needs; refuses what cannot be learned, and checkpoints of other runs. */
export function prepareRun(loaded: LoadedScenario, file: string, folder: string, restart: boolean, others: OtherRuns = {}): PreparedRun {
  const { learning, texts } = readTexts(loaded, file);
  const checkpoint = join(folder, TRAINING_FILES.checkpoint);
  const run = runOf(loaded.scenario, texts, others);
  const start = restart ? null : checkpointOf(checkpoint, run, learning.steps);
  const warnings = loaded.warnings.filter(({ code }) => !LOAD_WARNINGS.includes(code));
  return { loaded: { ...loaded, warnings }, texts, folder, run, others, start };
}

/** What a scenario learns from; refuses what a pod does not learn. */
export function readTexts(loaded: LoadedScenario, file: string): { readonly learning: LearningSpec; readonly texts: readonly Text[] } {
  const learning = learningOf(loaded, file);
  const issues = learningIssues(loaded.scenario);
  if (issues.length > 0) throw new InputError(issues);
  return { learning, texts: loadTexts(learning.texts, leastWords(learning, loaded.scenario.workload.sequenceLength)) };
}

function learningOf({ scenario }: LoadedScenario, file: string): LearningSpec {
  if (scenario.learning !== undefined) return scenario.learning;
  const rule = 'a scenario that is learned from needs a learning section';
  const remedy = 'add `learning: {}`, which has a default for everything; see `switchyard schema`';
  throw new InputError([{ code: 'E_LEARNING', path: 'learning', value: file, rule, remedy }]);
}

/** Both parts of a text need a sequence and the word behind it. */
function leastWords({ heldOutShare }: LearningSpec, sequenceLength: number): number {
  const smaller = heldOutShare === 0 ? 1 : Math.min(heldOutShare, 1 - heldOutShare);
  return Math.ceil((sequenceLength + 2) / smaller);
}

const SHOWN_PATHS = 4;

/** Null where there is none; that of another run is refused, and nothing is overwritten. */
function checkpointOf(file: string, run: Readonly<Record<string, string>>, steps: number): Checkpoint | null {
  const found = readCheckpoint(file);
  if (found === null) return null;
  const paths = differences(run, found.run);
  const done = stepsOf(found.history);
  if (paths.length === 0 && done <= steps) return found;
  const remedy = 'write to another folder by --out, or begin anew with --restart';
  const refused = (rule: string): InputError => new InputError([{ code: 'E_CHECKPOINT', path: '', value: file, rule, remedy }]);
  if (paths.length === 0) throw refused(`has ${done} steps already, and ${steps} are wanted`);
  const shown = paths.slice(0, SHOWN_PATHS).map((path) => `${path} (${found.run[path] ?? 'none'}, now ${run[path] ?? 'none'})`);
  const more = paths.length > SHOWN_PATHS ? ` and ${paths.length - SHOWN_PATHS} more` : '';
  throw refused(`is of another run: it differs in ${shown.join(', ')}${more}`);
}

/** Learns; checkpoints go into the folder, which must be there. */
export function learn(
  { signal }: Pick<CommandContext, 'signal'>,
  { loaded, texts, folder, run, others, start }: PreparedRun,
  kernels: KernelOptions,
  onStep: (progress: TrainingProgress) => void,
): Promise<TrainingResult> {
  return runTraining({
    scenario: loaded.scenario,
    chip: loaded.chip,
    texts,
    warnings: loaded.warnings,
    shrunkFrom: loaded.shrunkFrom,
    open: (planFor) => openPodThreads(planFor, kernels),
    run,
    ...others,
    start,
    save: (checkpoint) => writeAtomic(join(folder, TRAINING_FILES.checkpoint), encodeCheckpoint(checkpoint)),
    provenance: { version: packageVersion(), node: process.version, startedAt: new Date().toISOString() },
    clock: () => performance.now(),
    onStep,
    pause: createPause(signal),
  });
}
