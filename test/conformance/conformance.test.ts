import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { VectorFile } from './case.ts';
import { VECTOR_FILES } from './files/index.ts';

/**
 * Answers that were made elsewhere, in double precision. Every file of the folder is read, every case in it is a test of its own; a file that nobody
 * can read fails, and so does a folder in which nothing ran. Other cases in the same formats: SWITCHYARD_VECTORS=<folder> npx vitest run test/conformance
 */
const OWN = fileURLToPath(new URL('../vectors', import.meta.url));
const folder = process.env.SWITCHYARD_VECTORS || OWN;
if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw new Error(`SWITCHYARD_VECTORS: ${resolve(folder)} is not a folder`);
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));

const read = (file: string): VectorFile | Error => {
  try {
    return VECTOR_FILES[file](JSON.parse(readFileSync(join(folder, file), 'utf8')) as never);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
};

let cases = 0;
for (const file of files) {
  describe(file, () => {
    if (!Object.hasOwn(VECTOR_FILES, file)) {
      it('is a file that is known', () =>
        expect.fail(`${file} has no reader in test/conformance/files; known: ${Object.keys(VECTOR_FILES).join(', ')}`));
      return;
    }
    const vectors = read(file);
    if (vectors instanceof Error) {
      it('can be read', () => expect.fail(`${file}: ${vectors.message}`));
      return;
    }
    cases += vectors.cases.length;
    for (const { name, run } of vectors.cases) it(name, run);
    // Nothing in the project can answer these yet: they are listed by name, and the room that can will turn them into cases.
    for (const name of vectors.waiting ?? []) it.skip(name);
    it('has something in it', () => expect(vectors.cases.length + (vectors.waiting?.length ?? 0)).toBeGreaterThan(0));
  });
}

it(`something ran in ${folder === OWN ? 'test/vectors' : folder}`, () => expect(cases).toBeGreaterThan(0));

if (folder === OWN) {
  it('every known file is there', () => expect(files.sort()).toEqual(Object.keys(VECTOR_FILES).sort()));
}
