/** The name of a module of ours, without its ending, as the file that a thread runs: built or a source, like the module at `from` that starts it. */
export function threadModule(name: string, from: string): URL {
  return new URL(`${name}${from.endsWith('.ts') ? '.ts' : '.js'}`, from);
}
