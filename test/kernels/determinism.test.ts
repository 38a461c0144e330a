import { describe, expect, it } from 'vitest';
import * as activations from '../../src/base/activations.ts';
import * as elementary from '../../src/base/elementary.ts';
import * as trigonometry from '../../src/base/elementary-trigonometry.ts';
import * as normal from '../../src/base/normal.ts';
import * as reference from '../../src/kernels/reference/index.ts';
import { ROUTERS } from '../../src/routing/index.ts';
import { computeFingerprints } from './fingerprints/index.ts';
import type { Prints } from './fingerprints/print.ts';

const prints = computeFingerprints();

/** Reference exports that make or check what kernels work on; those that compute are printed through the kernels that call them. */
const NO_KERNELS = [
  /^create/,
  /^expect/,
  /^attentionLayerSaved$/,
  /^switchTop1Assignment$/,
  /^routerNumerics$/,
  /^adafactorSettings$/,
  /^freshShare$/,
];

function functionsOf(...modules: readonly object[]): readonly string[] {
  return modules.flatMap((module) => Object.entries(module).flatMap(([name, value]) => (typeof value === 'function' ? [name] : [])));
}

/** Names without a fingerprint; variants follow the name after ` with `. */
function missing(names: readonly string[], printed: Prints): readonly string[] {
  return names.filter((name) => !Object.keys(printed).some((one) => one === name || one.startsWith(`${name} with `)));
}

/**
 * The bits that every engine, thread and path must give; browser-bits.test.ts has a browser compute them too. A change of a stored one changes the
 * fingerprint of every result that runs kernels, so it needs a reason in the change log; then, and for a new kernel or router:
 * `npx vitest run test/kernels/determinism.test.ts -u`.
 */
describe('fingerprints', () => {
  it.each(Object.entries(prints))('of %s are those that are stored', async (group, own) => {
    expect(Object.keys(own).length).toBeGreaterThan(3);
    await expect(`${JSON.stringify(own, null, 2)}\n`).toMatchFileSnapshot(`./fingerprints/${group}.json`);
  });

  it('are taken of every elementary function', () => {
    const functions = functionsOf(elementary, trigonometry, activations, normal);
    expect(functions.length).toBeGreaterThan(15);
    expect(missing(functions, prints.numbers)).toEqual([]);
  });

  it('are taken of every reference kernel', () => {
    const kernels = functionsOf(reference).filter((name) => !NO_KERNELS.some((pattern) => pattern.test(name)));
    expect(kernels.length).toBeGreaterThan(40);
    expect(missing(kernels, prints.reference)).toEqual([]);
  });

  it('are taken of every router', () => {
    expect(missing(Object.keys(ROUTERS), prints.routers)).toEqual([]);
  });

  it('are equal for the three forms of dispatch', () => {
    for (const name of ['switchLayer', 'switchLayerBackward']) {
      const forms = Object.entries(prints.reference).filter(([printed]) => printed.startsWith(`${name} with `));
      expect(forms.length).toBe(3);
      expect(new Set(forms.map(([, print]) => print)).size).toBe(1);
    }
  });
});
