import { dirname, join } from 'node:path';
import { EXIT, type ExitCode, InputError, type Issue } from '../base/index.ts';
import { readTextOrThrow, SIZE_LIMITS } from '../intake/index.ts';
import { renderPage } from '../report/index.ts';
import { isIssues, readStored, type Stored } from '../result/index.ts';
import type { CommandContext, CommonOptions } from './command.ts';
import { COMPARISON_FILES, RUN_FILES } from './output-files.ts';
import { pageScript } from './page-script.ts';
import { printable } from './printable.ts';
import { writeAtomic } from './write-atomic.ts';

/** One page from stored results, in the order given; at most one of the files is a comparison. */
export async function rebuildPage(
  { io }: CommandContext,
  { json }: CommonOptions,
  files: readonly string[],
  options: { readonly out?: string },
): Promise<ExitCode> {
  const stored = files.map(readFile);
  const issues = stored.flatMap((entry) => (isIssues(entry) ? entry : []));
  const kept = stored.flatMap((entry) => (isIssues(entry) ? [] : [entry]));
  const comparisons = kept.flatMap((entry) => (entry.kind === 'comparison' ? [entry.comparison] : []));
  if (comparisons.length > 1) issues.push(tooManyComparisons(comparisons.length));
  if (issues.length > 0) throw new InputError(issues);
  const results = kept.flatMap((entry) => (entry.kind === 'result' ? [entry.result] : []));
  const collectives = kept.flatMap((entry) => (entry.kind === 'collective' ? [entry.collective] : []));
  const trainings = kept.flatMap((entry) => (entry.kind === 'training' ? [entry.training] : []));
  const experiments = kept.flatMap((entry) => (entry.kind === 'experiment' ? [entry.experiment] : []));
  const folder = options.out ?? (files.length === 1 ? dirname(files[0]) : join('reports', 'combined'));
  // Beside its file, a page has the name that the run or the comparison gave it.
  const page = join(folder, kept.length === comparisons.length ? COMPARISON_FILES.page : RUN_FILES.page);
  writeAtomic(page, renderPage({ results, comparison: comparisons[0], collectives, trainings, experiments, script: pageScript() }));
  io.out(
    json
      ? `${JSON.stringify({ page, results: results.length, comparisons: comparisons.length, collectives: collectives.length, trainings: trainings.length, experiments: experiments.length }, null, 2)}\n`
      : `${printable(`page   ${page}`)}\n`,
  );
  return EXIT.done;
}

function readFile(file: string): Stored | readonly Issue[] {
  const text = readTextOrThrow(file, SIZE_LIMITS.result);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const remedy = 'pass the result.json, comparison.json, training.json or experiment.json of a report folder';
    return [{ code: 'E_JSON', path: '', value: file, rule: `must be JSON (${reason})`, remedy }];
  }
  const stored = readStored(value);
  return isIssues(stored) ? stored.map((issue) => ({ ...issue, place: { file, line: 1, column: 1 } })) : stored;
}

function tooManyComparisons(count: number): Issue {
  return {
    code: 'E_RESULT',
    path: '',
    value: `${count} comparisons`,
    rule: 'a page shows at most one comparison',
    remedy: 'rebuild each comparison by a call of its own',
  };
}
