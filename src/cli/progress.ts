import type { Io } from './io.ts';

export interface Progress {
  readonly update: (phase: string, done: number, total: number) => void;
  /** Clears the line, so that what follows stands alone. */
  readonly end: () => void;
}

const TERMINAL_INTERVAL_MS = 100;
const LOG_INTERVAL_MS = 10_000;
const BAR_WIDTH = 24;

/** One rewritten line on a terminal; elsewhere a line every ten seconds, so that logs stay short. Nothing when quiet. */
export function createProgress(io: Io, quiet: boolean, clock: () => number): Progress {
  if (quiet) return { update: () => undefined, end: () => undefined };
  const interval = io.errIsTerminal ? TERMINAL_INTERVAL_MS : LOG_INTERVAL_MS;
  let next = clock() + (io.errIsTerminal ? 0 : LOG_INTERVAL_MS);
  let drawn = false;
  return {
    update: (phase, done, total) => {
      if (clock() < next) return;
      next = clock() + interval;
      const share = total > 0 ? Math.min(1, done / total) : 0;
      const percent = `${Math.floor(share * 100)} %`;
      if (io.errIsTerminal) {
        io.err(`\r\u001b[K${bar(share)} ${percent.padStart(5)}  ${phase}`);
        drawn = true;
      } else {
        io.err(`${phase}: ${percent}\n`);
      }
    },
    end: () => {
      if (drawn) io.err('\r\u001b[K');
      drawn = false;
    },
  };
}

function bar(share: number): string {
  const filled = Math.round(share * BAR_WIDTH);
  return `[${'='.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}]`;
}
