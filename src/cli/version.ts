import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The package's folder; the same number of steps up from the sources and from the built files. */
export const PACKAGE_ROOT = fileURLToPath(new URL('../../', import.meta.url));

export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  return version;
}
