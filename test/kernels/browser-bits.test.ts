import { fileURLToPath } from 'node:url';
import { build, type Rollup } from 'vite';
import { describe, expect, it } from 'vitest';
import { chromiumPath, openBrowser } from '../report/browser.ts';
import { computeFingerprints } from './fingerprints/index.ts';

if (chromiumPath === undefined) {
  console.warn('SKIPPED: no Chromium found (apt-get install chromium, or set CHROMIUM_PATH); bits were not compared with a browser.');
}

describe.skipIf(chromiumPath === undefined)('in Chromium', () => {
  it('every elementary function, kernel, kernel table and router gives the bits that it gives here', async () => {
    const browser = await openBrowser();
    try {
      const page = await browser.newPage();
      await page.addScriptTag({ content: await bundledFingerprints() });
      const prints = await page.evaluate(() => (globalThis as unknown as BundleGlobal).bits.computeFingerprints());
      expect(Object.values(prints).flatMap(Object.keys).length).toBeGreaterThan(50);
      // That these are the stored ones is what determinism.test.ts checks.
      expect(prints).toEqual(computeFingerprints());
    } finally {
      await browser.close();
    }
  });
});

interface BundleGlobal {
  readonly bits: { readonly computeFingerprints: typeof computeFingerprints };
}

/** The very sources that run here, as one script whose exports are the global `bits`. */
async function bundledFingerprints(): Promise<string> {
  const entry = fileURLToPath(new URL('./fingerprints/index.ts', import.meta.url));
  const lib = { entry, formats: ['iife' as const], name: 'bits' };
  const built = await build({ configFile: false, logLevel: 'silent', build: { write: false, minify: false, lib } });
  const outputs = (Array.isArray(built) ? built : [built]) as Rollup.RollupOutput[];
  return outputs[0].output[0].code;
}
