import type { Io } from '../../src/cli/io.ts';

export interface Listener {
  readonly io: Io;
  readonly out: () => string;
  readonly err: () => string;
}

/** An Io that keeps what was said. */
export function listen(options: { readonly terminal?: boolean; readonly env?: Io['env'] } = {}): Listener {
  const said = { out: '', err: '' };
  return {
    io: {
      out: (text) => {
        said.out += text;
      },
      err: (text) => {
        said.err += text;
      },
      outLost: async () => undefined,
      errIsTerminal: options.terminal ?? false,
      paint: (_, text) => text,
      env: options.env ?? {},
    },
    out: () => said.out,
    err: () => said.err,
  };
}
