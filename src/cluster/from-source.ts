/** Newer versions of Node strip types by themselves; older ones need a loader to run the sources. */
const STRIPS_TYPES = Boolean((process.features as { readonly typescript?: string | false }).typescript);

/** Options of Node with which a process or a thread runs a source. */
export const SOURCE_OPTIONS: readonly string[] = STRIPS_TYPES ? [] : ['--import', 'tsx'];

/** Options of Node with which a thread runs a module: none when it is built. */
export function threadOptions(module: URL): readonly string[] {
  return module.pathname.endsWith('.ts') ? SOURCE_OPTIONS : [];
}
