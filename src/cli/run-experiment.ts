import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, EXIT, type ExitCode, InputError } from '../base/index.ts';
import type { PodState } from '../emulate/index.ts';
import { type LoadedExperiment, type LoadedScenario, loadExperiment, readCheckpoint } from '../intake/index.ts';
import { renderPage } from '../report/index.ts';
import { EXPERIMENT_SCHEMA, type ExperimentResult, type ExperimentRun, type Provenance, resultFingerprint } from '../result/index.ts';
import { divergedRow, judge, keptGains, runRow, stepsOf, summariseVariants, type VariantRuns } from '../study/index.ts';
import type { CommandContext, CommonOptions } from './command.ts';
import { experimentText } from './experiment-text.ts';
import { EXPERIMENT_FILES, TRAINING_FILES } from './output-files.ts';
import { pageScript } from './page-script.ts';
import { createProgress, type Progress } from './progress.ts';
import { type KernelOptions, learn, type OtherRuns, type PreparedRun, prepareRun, readTexts } from './training-run.ts';
import { packageVersion } from './version.ts';
import { withOutputFolder, writeAtomic } from './write-atomic.ts';

export interface ExperimentOptions extends KernelOptions {
  readonly out?: string;
  readonly restart?: boolean;
}

/** Runs every variant with every seed, or goes on with those that are not there yet. */
export async function runExperiment(
  context: CommandContext,
  { json, quiet }: CommonOptions,
  file: string,
  options: ExperimentOptions,
): Promise<ExitCode> {
  const { io } = context;
  const experiment = loadExperiment(file);
  const folder = options.out ?? join('reports', experiment.base.scenario.name);
  const script = pageScript();
  const clock = (): number => performance.now();
  const began = clock();
  const startedAt = new Date().toISOString();
  const progress = createProgress(io, quiet, clock);
  const variants = await withOutputFolder(folder, Object.values(EXPERIMENT_FILES), () =>
    runAll(context, experiment, file, folder, options, progress).finally(progress.end),
  );
  const provenance = { version: packageVersion(), node: process.version, startedAt, wallSeconds: (clock() - began) / 1000 };
  const result = resultOf(experiment, variants, provenance);
  writeAtomic(join(folder, EXPERIMENT_FILES.result), `${JSON.stringify(result)}\n`);
  writeAtomic(join(folder, EXPERIMENT_FILES.page), renderPage({ results: [], experiments: [result], script }));
  io.out(json ? `${JSON.stringify(result, null, 2)}\n` : experimentText(result, folder));
  return EXIT.done;
}

async function runAll(
  context: CommandContext,
  experiment: LoadedExperiment,
  file: string,
  folder: string,
  options: ExperimentOptions,
  progress: Progress,
): Promise<VariantRuns[]> {
  const { variants, seeds } = experiment;
  const restart = options.restart === true;
  const folderOf = (name: string, seed: number): string => join(folder, name, `seed-${seed}`);
  const prepare = ({ name, loaded }: (typeof variants)[number], seed: number, others: OtherRuns = {}): PreparedRun =>
    prepareRun(withSeed(loaded, seed), file, folderOf(name, seed), restart, others);
  // Everything that can be known is looked at before anything runs.
  for (const variant of variants) {
    if (variant.after !== null || variant.teacher !== null) readTexts(variant.loaded, file);
    else for (const seed of seeds) prepare(variant, seed);
  }
  const stepsOfRun = ({ loaded }: (typeof variants)[number]): number => loaded.scenario.learning?.steps ?? 0;
  const all = variants.reduce((sum, variant) => sum + stepsOfRun(variant) * seeds.length, 0);
  let before = 0;
  const rows: VariantRuns[] = [];
  for (const variant of variants) {
    const { name, settings, after, teacher } = variant;
    const runs: ExperimentRun[] = [];
    for (const [at, seed] of seeds.entries()) {
      const lost = rows.find((row) => (row.name === after || row.name === teacher) && row.runs[at].divergedAt !== null);
      if (lost !== undefined) {
        // There is nothing to begin with, or to learn from.
        runs.push(divergedRow(seed, lost.runs[at].divergedAt ?? 0));
        before += stepsOfRun(variant);
        continue;
      }
      const learned = (other: string): PodState | undefined =>
        readCheckpoint(join(folderOf(other, seed), TRAINING_FILES.checkpoint))?.state;
      const one = prepare(variant, seed, {
        origin: after === null ? undefined : learned(after),
        teacher: teacher === null ? undefined : teacherOf(variants, teacher, learned(teacher)),
      });
      const onStep = (step: number): void => progress.update(`${name}, seed ${seed}, step ${step}`, before + step, all);
      runs.push(await runOne(context, one, seed, options, onStep));
      before += stepsOfRun(variant);
    }
    rows.push({ name, settings, runs });
  }
  return rows;
}

function teacherOf(variants: LoadedExperiment['variants'], name: string, state: PodState | undefined): OtherRuns['teacher'] {
  const found = variants.find((variant) => variant.name === name);
  assert(found !== undefined && state !== undefined, `${name} has not learned`);
  const { scenario, chip } = found.loaded;
  return { scenario, chip, state };
}

function withSeed(loaded: LoadedScenario, seed: number): LoadedScenario {
  return { ...loaded, scenario: { ...loaded.scenario, seed } };
}

/** A run that has ended leaves its row, and is not made again. */
async function runOne(
  context: CommandContext,
  prepared: PreparedRun,
  seed: number,
  options: ExperimentOptions,
  onStep: (step: number) => void,
): Promise<ExperimentRun> {
  const file = join(prepared.folder, ROW_FILE);
  const { scenario } = prepared.loaded;
  const key = JSON.stringify({
    schema: EXPERIMENT_SCHEMA,
    run: prepared.run,
    steps: scenario.learning?.steps,
    every: scenario.learning?.evaluateEvery,
  });
  const known = options.restart === true ? null : readRow(file, key);
  if (known !== null) return known;
  const row = await withOutputFolder(prepared.folder, Object.values(TRAINING_FILES), async () => {
    let step = prepared.start === null ? 0 : stepsOf(prepared.start.history);
    try {
      const result = await learn(context, prepared, options, (done) => {
        step = done.step;
        onStep(step);
      });
      writeAtomic(join(prepared.folder, TRAINING_FILES.result), `${JSON.stringify(result)}\n`);
      return runRow(seed, result);
    } catch (error) {
      if (!(error instanceof InputError) || error.issues[0]?.code !== 'E_NOT_FINITE') throw error;
      return divergedRow(seed, step + 1);
    }
  });
  writeAtomic(file, `${JSON.stringify({ key, row })}\n`);
  return row;
}

const ROW_FILE = 'row.json';

/** Null where there is none, where it is of another run, and where something else has damaged it: the run is then made again. */
function readRow(file: string, key: string): ExperimentRun | null {
  if (!existsSync(file)) return null;
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { readonly key: string; readonly row: ExperimentRun };
    return kept.key === key ? kept.row : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function resultOf(
  { base, seeds, claims, gains }: LoadedExperiment,
  rows: readonly VariantRuns[],
  facts: Pick<Provenance, 'version' | 'node' | 'startedAt' | 'wallSeconds'>,
): ExperimentResult {
  const variants = summariseVariants(rows);
  const body = {
    schema: EXPERIMENT_SCHEMA,
    name: base.scenario.name,
    question: base.scenario.question,
    scenario: base.scenario,
    seeds,
    variants,
    claims: judge(claims, variants),
    gains: keptGains(gains, variants),
  } as const;
  return { ...body, fingerprint: resultFingerprint(body), provenance: facts };
}
