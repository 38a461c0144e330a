import { join } from 'node:path';
import { EXIT, type ExitCode } from '../base/index.ts';
import { createThreadExecutor } from '../cluster/index.ts';
import { type LoadedScenario, loadPublished, loadScenario, parseLayoutOption, parseLoadOption } from '../intake/index.ts';
import { encodePerfettoTrace, renderPage } from '../report/index.ts';
import { formatSummary, type Result, summarise } from '../result/index.ts';
import { doesNotFit, runStudy } from '../study/index.ts';
import { publishedFor } from '../validation/index.ts';
import { missedAssertions } from './assertions.ts';
import type { CommandContext, CommonOptions } from './command.ts';
import { createPause } from './interrupt.ts';
import { RUN_FILES } from './output-files.ts';
import { pageScript } from './page-script.ts';
import { issueLines, pageWarnings, warningLines } from './print-issues.ts';
import { printable } from './printable.ts';
import { createProgress } from './progress.ts';
import { scenarioText } from './scenario-text.ts';
import { cut } from './table.ts';
import { packageVersion } from './version.ts';
import { withOutputFolder, writeAtomic } from './write-atomic.ts';

export interface RunOptions {
  readonly out?: string;
  readonly threads?: number;
  /** Name of a kernel path. */
  readonly kernels?: string;
  readonly seed?: number;
  readonly wrap?: 'open' | 'closed';
  readonly load?: string;
  readonly layout?: string;
  readonly ignoreMemory?: boolean;
  readonly printScenario?: boolean;
}

const WIDTH = 80;

export async function runScenario(context: CommandContext, common: CommonOptions, file: string, options: RunOptions): Promise<ExitCode> {
  const { io } = context;
  const { seed, wrap, ignoreMemory } = options;
  const load = options.load === undefined ? undefined : parseLoadOption(options.load);
  const layout = options.layout === undefined ? undefined : parseLayoutOption(options.layout);
  const loaded = loadScenario(file, { seed, wrap, load, layout, ignoreMemory });
  if (options.printScenario === true) {
    if (!common.quiet) io.err(warningLines(loaded.warnings, io.paint));
    io.out(scenarioText(loaded.scenario, common.json));
    return EXIT.done;
  }
  const script = pageScript();
  const folder = options.out ?? join('reports', loaded.scenario.name);
  const { result, traceFile } = await withOutputFolder(folder, Object.values(RUN_FILES), () => study(context, common, loaded, options));
  writeAtomic(join(folder, RUN_FILES.result), `${JSON.stringify(result)}\n`);
  writeAtomic(join(folder, RUN_FILES.trace), traceFile);
  writeAtomic(join(folder, RUN_FILES.page), renderPage({ results: [result], script }));
  io.out(common.json ? `${JSON.stringify(result, null, 2)}\n` : summaryText(result, folder));
  return verdict(context, result);
}

async function study(
  { io, signal }: CommandContext,
  { quiet }: CommonOptions,
  { scenario, chip, warnings: scenarioWarnings, variants }: LoadedScenario,
  options: RunOptions,
): Promise<{ readonly result: Result; readonly traceFile: Uint8Array }> {
  const ignored = {
    code: 'W_VARY_IGNORED',
    message: 'Only the base values were run; switchyard compare runs the variations under vary.',
  };
  const clock = (): number => performance.now();
  const progress = createProgress(io, quiet, clock);
  const pause = createPause(signal);
  const executor = createThreadExecutor({ threads: options.threads, kernels: options.kernels, signal });
  try {
    const { result, program, trace, topology } = await runStudy({
      scenario,
      chip,
      warnings: variants.length > 0 ? [...scenarioWarnings, ignored] : scenarioWarnings,
      published: publishedFor(scenario, chip, loadPublished()),
      executor,
      provenance: { version: packageVersion(), node: process.version, startedAt: new Date().toISOString() },
      clock,
      onProgress: progress.update,
      pause,
    });
    await pause();
    const note = doesNotFit(result.metrics) ? 'does not fit into device memory' : undefined;
    return { result, traceFile: encodePerfettoTrace(program, trace, topology, { note }) };
  } finally {
    progress.end();
  }
}

/** At most 24 lines of 80 characters: name, the summary, what was warned of, and where the files are. */
function summaryText(result: Result, folder: string): string {
  const { scenario, warnings } = result;
  const lines = [
    `${scenario.name}: ${scenario.question}`,
    ...formatSummary(summarise(result), WIDTH),
    ...pageWarnings(warnings),
    `page   ${join(folder, RUN_FILES.page)}`,
    `files  ${RUN_FILES.result} and ${RUN_FILES.trace} (open in ui.perfetto.dev) beside it`,
  ];
  return `${lines
    .map(printable)
    .map((line) => (line.startsWith('page ') ? line : cut(line, WIDTH)))
    .join('\n')}\n`;
}

/** The exit code, and why on stderr when it is not 0. */
function verdict({ io }: CommandContext, result: Result): ExitCode {
  if (doesNotFit(result.metrics) && !result.scenario.ignoreMemory) {
    const message = result.warnings.find(({ code }) => code === 'W_DOES_NOT_FIT')?.message ?? 'The step does not fit into device memory.';
    io.err(`${io.paint('red', 'infeasible:')} ${printable(message)}\n`);
    return EXIT.infeasible;
  }
  const missed = missedAssertions(result.scenario.assert, result.metrics);
  io.err(issueLines(missed, io.paint));
  return missed.length === 0 ? EXIT.done : EXIT.checkFailed;
}
