/** Where the command line speaks: answers on stdout, everything else (progress, warnings, errors) on stderr. Passed in, so that tests can listen. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Resolves once all answers have left, with the reason (ENOSPC, EIO ...) when one of them could not be written. */
  readonly outLost: () => Promise<string | undefined>;
  /** A person watches stderr: one progress line may be rewritten. */
  readonly errIsTerminal: boolean;
  readonly paint: Painter;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type Colour = 'red' | 'yellow' | 'green' | 'bold' | 'dim';
export type Painter = (colour: Colour, text: string) => string;

const ESCAPES: Readonly<Record<Colour, readonly [number, number]>> = {
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
  bold: [1, 22],
  dim: [2, 22],
};

export function processIo(): Io {
  const { stdout, stderr, env } = process;
  const out = sink(stdout);
  // What stderr loses is lost: stdout belongs to the answers, and the exit code still says how the command ended.
  const err = sink(stderr);
  return {
    out: out.write,
    err: err.write,
    outLost: out.lost,
    errIsTerminal: stderr.isTTY === true,
    paint: painter(wantsColour(env, stdout.isTTY === true && stderr.isTTY === true)),
    env,
  };
}

/** A stream that says nothing more after its first failure and never throws it. A reader such as `head` may close its pipe early: no failure. */
function sink(stream: NodeJS.WritableStream): {
  readonly write: (text: string) => void;
  readonly lost: () => Promise<string | undefined>;
} {
  let failure: string | undefined;
  const note = (error: NodeJS.ErrnoException | null | undefined): void => {
    if (error) failure ??= error.code ?? error.message;
  };
  stream.on('error', note);
  return {
    write: (text) => {
      if (failure === undefined) stream.write(text, note);
    },
    // An empty text behind the last one; its callback comes after theirs, the error event after that.
    lost: () => new Promise((done) => stream.write('', () => setImmediate(() => done(failure === 'EPIPE' ? undefined : failure)))),
  };
}

/** NO_COLOR (no-color.org) wins over FORCE_COLOR, and both over what the streams are. */
export function wantsColour(env: Io['env'], isTerminal: boolean): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '' && env.FORCE_COLOR !== '0') return true;
  return isTerminal && env.TERM !== 'dumb';
}

export function painter(colours: boolean): Painter {
  if (!colours) return (_, text) => text;
  return (colour, text) => `\u001b[${ESCAPES[colour][0]}m${text}\u001b[${ESCAPES[colour][1]}m`;
}
