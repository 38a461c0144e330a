const RUNS_FROM_SOURCE = import.meta.url.endsWith('.ts');
/** Newer versions of Node strip types by themselves; older ones need a loader to run the sources. */
const STRIPS_TYPES = Boolean((process.features as { readonly typescript?: string | false }).typescript);

/** Options of Node with which a thread runs modules as they are here: built, or as sources. */
export const THREAD_OPTIONS: readonly string[] = RUNS_FROM_SOURCE && !STRIPS_TYPES ? ['--import', 'tsx'] : [];

/** The name of a module of ours, without its ending, as the file that a thread runs. */
export function threadModule(name: string, from: string): URL {
  return new URL(`${name}${RUNS_FROM_SOURCE ? '.ts' : '.js'}`, from);
}
