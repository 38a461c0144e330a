import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../base/index.ts';
import { PACKAGE_ROOT } from './version.ts';

/** The bundled client of the page, and the hash that the page's content security policy allows. */
export function pageScript(): { readonly text: string; readonly sha256Base64: string } {
  const file = join(PACKAGE_ROOT, 'dist/client/page.js');
  try {
    const text = readFileSync(file, 'utf8');
    return { text, sha256Base64: createHash('sha256').update(text).digest('base64') };
  } catch {
    throw new InputError([
      { code: 'E_FILE', path: '', value: file, rule: 'the client of the page has not been built', remedy: 'run npm run build' },
    ]);
  }
}
