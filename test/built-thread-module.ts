/**
 * In tests this stands in for src/cluster/thread-module.ts (see vitest.config.ts): threads run what is built, because a loader of sources costs each of
 * them half a second. test/build.ts builds it; threads that run sources are in test/cluster/identity.test.ts.
 */
export function threadModule(name: string, from: string): URL {
  return new URL(`${name}.js`, from.replace('/src/', '/dist/'));
}
