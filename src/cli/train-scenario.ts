import { join, resolve } from 'node:path';
import { EXIT, type ExitCode } from '../base/index.ts';
import { isShippedText, loadScenario, type Overrides, parseAxesOption, parseLayoutOption } from '../intake/index.ts';
import { renderTrainingPage } from '../report/index.ts';
import { formatSeconds, formatShare, formatSummary, summariseTraining, type TrainingResult } from '../result/index.ts';
import { stepsOf, type TrainingProgress } from '../study/index.ts';
import type { CommandContext, CommonOptions } from './command.ts';
import { TRAINING_FILES } from './output-files.ts';
import { pageScript } from './page-script.ts';
import { warningLines } from './print-issues.ts';
import { printable } from './printable.ts';
import { createProgress } from './progress.ts';
import { cut } from './table.ts';
import { type KernelOptions, learn, prepareRun } from './training-run.ts';
import { withOutputFolder, writeAtomic } from './write-atomic.ts';

export interface TrainOptions extends KernelOptions {
  readonly steps?: number;
  readonly dtype?: 'f32' | 'bf16';
  readonly layout?: string;
  readonly text?: readonly string[];
  readonly seed?: number;
  readonly out?: string;
  readonly restart?: boolean;
  readonly ignoreMemory?: boolean;
}

/** Learns, or goes on learning where the folder has a checkpoint of the same run. */
export async function trainScenario(
  context: CommandContext,
  { json, quiet }: CommonOptions,
  file: string,
  options: TrainOptions,
): Promise<ExitCode> {
  const { io } = context;
  const loaded = loadScenario(file, overridesOf(options));
  const folder = options.out ?? join('reports', `${loaded.scenario.name}-training`);
  const prepared = prepareRun(loaded, file, folder, options.restart === true);
  const { start } = prepared;
  if (!quiet) {
    io.err(warningLines(prepared.loaded.warnings, io.paint));
    if (start !== null) io.err(`going on from step ${stepsOf(start.history)}: ${printable(join(folder, TRAINING_FILES.checkpoint))}\n`);
  }
  const script = pageScript();
  const clock = (): number => performance.now();
  const began = clock();
  const first = start === null ? 0 : stepsOf(start.history);
  const progress = createProgress(io, quiet, clock);
  const onStep = (done: TrainingProgress): void => {
    const secondsPerStep = (clock() - began) / 1000 / (done.step - first);
    progress.update(progressText(done, secondsPerStep), done.step, done.steps);
  };
  const result = await withOutputFolder(folder, Object.values(TRAINING_FILES), () =>
    learn(context, prepared, options, onStep).finally(progress.end),
  );
  writeAtomic(join(folder, TRAINING_FILES.result), `${JSON.stringify(result)}\n`);
  writeAtomic(join(folder, TRAINING_FILES.page), renderTrainingPage(result, script));
  io.out(json ? `${JSON.stringify(result, null, 2)}\n` : summaryText(result, folder));
  return EXIT.done;
}

/** Name, the summary, and where the files are. */
function summaryText(result: TrainingResult, folder: string): string {
  const lines = [
    cut(printable(`${result.scenario.name}: ${result.scenario.question}`), WIDTH),
    ...formatSummary(summariseTraining(result), WIDTH),
    `page   ${join(folder, TRAINING_FILES.page)}`,
    `files  ${TRAINING_FILES.result} and ${TRAINING_FILES.checkpoint}, to go on from, beside it`,
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

const WIDTH = 80;

/** What the command line says in the place of the scenario. */
function overridesOf({ steps, dtype, layout, text, seed, ignoreMemory }: TrainOptions): Overrides {
  const isAxes = layout !== undefined && /[=,]/.test(layout) && !layout.includes(':');
  return {
    seed,
    ignoreMemory,
    learning: {
      ...(steps === undefined ? {} : { steps }),
      ...(text === undefined ? {} : { texts: text.map((name) => (isShippedText(name) ? name : resolve(name))) }),
    },
    values: dtype === undefined ? {} : { 'precision.matmul': dtype },
    ...(layout === undefined ? {} : isAxes ? { axes: parseAxesOption(layout) } : { layout: parseLayoutOption(layout) }),
  };
}

function progressText({ step, steps, loss, dropRate, busiestExpert, simulatedSeconds }: TrainingProgress, secondsPerStep: number): string {
  return [
    `step ${step}/${steps}`,
    `loss ${loss.toFixed(3)}`,
    `dropped ${formatShare(dropRate)}`,
    `busiest expert ${formatShare(busiestExpert)}`,
    `pod ${formatSeconds(simulatedSeconds)}`,
    `here ${formatSeconds(secondsPerStep)} a step`,
  ].join('  ');
}
