import { describe, expect, it } from 'vitest';
import * as activations from '../../src/base/activations.ts';
import * as elementary from '../../src/base/elementary.ts';
import * as trigonometry from '../../src/base/elementary-trigonometry.ts';
import * as normal from '../../src/base/normal.ts';
import * as reference from '../../src/kernels/reference/index.ts';
import { ROUTERS } from '../../src/routing/index.ts';
import { computeFingerprints } from './fingerprints/index.ts';

const prints = computeFingerprints();
const names = Object.keys(prints);

/** Reference exports that make or check what kernels work on; those that compute are printed through the kernels that call them. */
const NO_KERNELS = [/^create/, /^expect/, /^attentionLayerSaved$/, /^switchTop1Assignment$/, /^routerNumerics$/];

function functionsOf(...modules: readonly object[]): readonly string[] {
  return modules.flatMap((module) => Object.entries(module).flatMap(([name, value]) => (typeof value === 'function' ? [name] : [])));
}

/** Variants of a function follow its name after ` with `. */
const isPrinted = (name: string): boolean => names.some((printed) => printed === name || printed.startsWith(`${name} with `));

/**
 * The bits that every engine, thread and path must give; browser-bits.test.ts has a browser compute them too. A change of a stored one changes the
 * fingerprint of every result that runs kernels, so it needs a reason in the change log; then, and for a new kernel or router:
 * `npx vitest run test/kernels/determinism.test.ts -u`.
 */
describe('fingerprints', () => {
  it('are those that are stored', async () => {
    await expect(`${JSON.stringify(prints, null, 2)}\n`).toMatchFileSnapshot('./fingerprints.json');
  });

  it('are taken of every elementary function', () => {
    const functions = functionsOf(elementary, trigonometry, activations, normal);
    expect(functions.length).toBeGreaterThan(15);
    expect(functions.filter((name) => !isPrinted(name))).toEqual([]);
  });

  it('are taken of every reference kernel', () => {
    const kernels = functionsOf(reference).filter((name) => !NO_KERNELS.some((pattern) => pattern.test(name)));
    expect(kernels.length).toBeGreaterThan(40);
    expect(kernels.filter((name) => !isPrinted(name))).toEqual([]);
  });

  it('are taken of every router', () => {
    expect(Object.keys(ROUTERS).filter((router) => !isPrinted(`router ${router}`))).toEqual([]);
  });

  it('are equal for the three forms of dispatch', () => {
    for (const name of ['switchLayer', 'switchLayerBackward']) {
      const forms = names.filter((printed) => printed.startsWith(`${name} with `));
      expect(forms.length).toBe(3);
      expect(new Set(forms.map((form) => prints[form])).size).toBe(1);
    }
  });
});
