import type { Command } from 'commander';
import type { ExitCode } from '../base/index.ts';
import type { Io } from './io.ts';

/** What a command gets beside its arguments. */
export interface CommandContext {
  readonly io: Io;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
}

/** One verb of the command line. Loads what it needs when it runs, so that `--help` stays quick. */
export interface CommandEntry {
  readonly summary: string;
  /** Declares arguments, options and help; `act` takes the action, which answers with the exit code. */
  readonly declare: (command: Command, act: Act) => void;
}

/** Wraps an action; `common` are the options that every command has. */
export type Act = <Arguments extends unknown[]>(
  action: (context: CommandContext, common: CommonOptions, ...args: Arguments) => Promise<ExitCode>,
) => (...args: Arguments) => Promise<void>;

export interface CommonOptions {
  /** Nothing but JSON on stdout. */
  readonly json: boolean;
  /** No progress, no warnings. */
  readonly quiet: boolean;
}
