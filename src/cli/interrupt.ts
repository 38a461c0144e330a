import { setImmediate } from 'node:timers/promises';
import { EXIT } from '../base/index.ts';

export interface Interrupt {
  readonly signal: AbortSignal;
  /** Gives the signals back to their default handling. */
  readonly dispose: () => void;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * The first Ctrl-C (or SIGTERM) asks everything to end in order; the second one does not wait. Both are heard only when the main thread
 * gets a turn: work that runs in it awaits `createPause` between its pieces.
 */
export function createInterrupt(): Interrupt {
  const controller = new AbortController();
  const listener = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort(new Error(`stopped by ${name}`));
  };
  for (const name of SIGNALS) process.on(name, listener);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of SIGNALS) process.off(name, listener);
    },
  };
}

/** Lets signals that have arrived be handled; rejects with the signal's reason when the run is to end. */
export function createPause(signal: AbortSignal): () => Promise<void> {
  return async () => {
    // Signals are looked for between two immediates; before the first only when the caller's own turn began after that.
    await setImmediate();
    await setImmediate();
    signal.throwIfAborted();
  };
}

/**
 * Work that gives the main thread no turn for minutes: while it runs, a signal ends the process at once, as if nobody listened. It must not write.
 */
export function withoutTurns<Answer>(work: () => Answer): Answer {
  const kept = SIGNALS.map((name) => ({ name, listeners: process.listeners(name) }));
  for (const { name } of kept) process.removeAllListeners(name);
  try {
    return work();
  } finally {
    for (const { name, listeners } of kept) for (const listener of listeners) process.on(name, listener);
  }
}
