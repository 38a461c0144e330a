import { Command, CommanderError } from 'commander';
import { EXIT, type ExitCode } from '../base/index.ts';
import type { Act, CommandContext, CommonOptions } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import { packageVersion } from './version.ts';

const FOOTER = `
Examples:
  switchyard run scenarios/switch-base-v3-32.yaml       one experiment: table, JSON, trace, page
  switchyard compare scenarios/top1-vs-top2.yaml        the values under vary: against the first
  switchyard plan scenarios/t5-base-v3-32.yaml          which slice to take, by time and money
  switchyard validate                                   published steps against simulated ones
  switchyard collective --topology tpu-v4:4x4x8 --op all-to-all --bytes 64MiB    the bytes of every link
  switchyard report reports/*/result.json               one page from stored results
  switchyard list routers                               what can be chosen
  switchyard explain droppedTokenFraction               what a name means

Exit codes: 0 done, 1 a check failed, 2 wrong input, 3 does not fit, 70 our bug, 130 interrupted.
Environment: NO_COLOR and FORCE_COLOR; DEBUG=1 prints the stack of an unexpected error.`;

/** Parses a command line and runs the verb. Answers with the exit code; wrong usage throws commander's error. */
export async function runProgram(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.done;
  const program = new Command('switchyard')
    .description('A simulated TPU pod that runs real Switch and Mixture-of-Experts routing.')
    .version(packageVersion(), '-V, --version')
    .option('--json', 'print nothing but JSON on stdout')
    .option('--quiet', 'no progress and no warnings on stderr')
    .addHelpText('after', FOOTER)
    .showSuggestionAfterError(true);
  configure(program, context);
  for (const [name, entry] of Object.entries(COMMANDS)) {
    const command = program.command(name).description(entry.summary);
    configure(command, context);
    command.option('--json', 'print nothing but JSON on stdout').option('--quiet', 'no progress and no warnings on stderr');
    const act: Act =
      (action) =>
      async (...args) => {
        exitCode = await action(context, commonOptions(command), ...args);
      };
    entry.declare(command, act);
  }
  await program.parseAsync([...argv]);
  return exitCode;
}

/** Whether a thrown error is commander's way of saying that help or the version was printed. */
export function isDone(error: unknown): boolean {
  return error instanceof CommanderError && (error.code === 'commander.helpDisplayed' || error.code === 'commander.version');
}

function configure(command: Command, { io }: CommandContext): void {
  command.exitOverride().configureOutput({
    writeOut: io.out,
    // Usage errors are printed by `main` with their code; help that was not asked for goes to stderr.
    writeErr: io.err,
    outputError: () => undefined,
  });
}

function commonOptions(command: Command): CommonOptions {
  const { json, quiet } = command.optsWithGlobals<{ json?: boolean; quiet?: boolean }>();
  return { json: json === true, quiet: quiet === true };
}
