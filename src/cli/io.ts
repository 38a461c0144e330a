/** Where the command line speaks: answers on stdout, everything else (progress, warnings, errors) on stderr. Passed in, so that tests can listen. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
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
  // A reader such as `head` may close the pipe early; that is its right and not an error.
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  }
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    errIsTerminal: stderr.isTTY === true,
    paint: painter(wantsColour(env, stdout.isTTY === true && stderr.isTTY === true)),
    env,
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
