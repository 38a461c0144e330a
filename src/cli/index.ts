/**
 * Command line: one file per verb in `commands/`. Answers go to stdout, everything else to stderr; `--json` puts nothing but JSON on
 * stdout. `main` never throws: whatever happens becomes an exit code of base's `EXIT`.
 */
import { CommanderError } from 'commander';
import { EXIT, type ExitCode, InputError, type Issue } from '../base/index.ts';
import { createInterrupt } from './interrupt.ts';
import { type Io, processIo } from './io.ts';
import { issueLines } from './print-issues.ts';
import { printable, printableLines } from './printable.ts';
import { isDone, runProgram } from './program.ts';

export async function main(argv: readonly string[], io: Io = processIo()): Promise<ExitCode> {
  const exitCode = await attempt(argv, io);
  const reason = await io.outLost();
  if (reason === undefined) return exitCode;
  io.err(issueLines([lostAnswer(reason)], io.paint));
  return exitCode === EXIT.done ? EXIT.wrongInput : exitCode;
}

async function attempt(argv: readonly string[], io: Io): Promise<ExitCode> {
  const interrupt = createInterrupt();
  const json = argv.includes('--json');
  try {
    return await runProgram(argv, { io, signal: interrupt.signal });
  } catch (error) {
    if (isDone(error)) return EXIT.done;
    if (interrupt.signal.aborted) return interrupted(io, json);
    if (error instanceof InputError) return refused(io, error.issues, error.exitCode, json);
    if (error instanceof CommanderError) return refused(io, usageIssues(error), EXIT.wrongInput, json);
    return ourBug(io, error, json);
  } finally {
    interrupt.dispose();
  }
}

function refused(io: Io, issues: readonly Issue[], exitCode: ExitCode, json: boolean): ExitCode {
  if (json) io.out(`${JSON.stringify({ exitCode, issues }, null, 2)}\n`);
  io.err(issueLines(issues, io.paint));
  return exitCode;
}

function interrupted(io: Io, json: boolean): ExitCode {
  if (json) io.out(`${JSON.stringify({ exitCode: EXIT.interrupted, issues: [] }, null, 2)}\n`);
  io.err('interrupted; files that were finished stay on disk\n');
  return EXIT.interrupted;
}

function lostAnswer(reason: string): Issue {
  const rule = `must take the whole answer (${reason})`;
  return { code: 'E_OUTPUT', path: '', value: 'stdout', rule, remedy: 'make room, or write to another place' };
}

function ourBug(io: Io, error: unknown, json: boolean): ExitCode {
  const text = error instanceof Error ? error.message : String(error);
  if (json) io.out(`${JSON.stringify({ exitCode: EXIT.ourBug, error: text }, null, 2)}\n`);
  io.err(`${io.paint('red', 'This is our bug, not yours:')} ${printable(text)}\n`);
  const stack = error instanceof Error ? error.stack : undefined;
  const debugging = io.env.DEBUG !== undefined && io.env.DEBUG !== '';
  io.err(
    debugging && stack !== undefined
      ? `${printableLines(stack)}\n`
      : 'Please report it with the scenario; DEBUG=1 shows where it happened.\n',
  );
  return EXIT.ourBug;
}

/** Commander's message is `error: ...`, with a suggestion on a second line; help that stood in for a missing command has been printed. */
function usageIssues(error: CommanderError): Issue[] {
  if (error.code === 'commander.help') return [];
  const [value, suggestion] = error.message.replace(/^error: /, '').split('\n');
  const remedy = suggestion?.replace(/[()]/g, '').replace('Did', 'did') ?? 'see switchyard --help';
  return [{ code: 'E_USAGE', path: '', value, rule: 'must be a command line as in switchyard --help', remedy }];
}
