import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderPage, renderTrainingPage } from '../../src/report/index.ts';
import { type ExperimentResult, formatShare } from '../../src/result/index.ts';
import { resultOn } from '../study/collective-input.ts';
import { bundledScript, chromiumPath, inkOfCanvases, openBrowser, openPage } from './browser.ts';
import { sampleComparison, sampleResult } from './sample-result.ts';
import { sampleTraining } from './sample-training.ts';

if (chromiumPath === undefined) {
  console.warn('SKIPPED: no Chromium found (apt-get install chromium, or set CHROMIUM_PATH); the page was not opened in a browser.');
}

const THEMES = ['light', 'dark'] as const;
/** And the pictures that a page has at least as canvases. */
const CANVASES = { run: 6, compare: 6, wires: 2, pod: 8, training: 7, experiment: 5 } as const;
const PAGES = Object.keys(CANVASES) as (keyof typeof CANVASES)[];

function storedExperiment(name: string): ExperimentResult {
  return JSON.parse(readFileSync(join('data/experiments', `${name}.json`), 'utf8')) as ExperimentResult;
}

describe.skipIf(chromiumPath === undefined)('in Chromium, opened from disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-page-'));
  const files = {
    run: join(folder, 'run.html'),
    compare: join(folder, 'compare.html'),
    wires: join(folder, 'wires.html'),
    pod: join(folder, 'pod.html'),
    training: join(folder, 'training.html'),
    experiment: join(folder, 'experiment.html'),
  };
  let browser: Browser;

  beforeAll(async () => {
    const script = await bundledScript();
    writeFileSync(files.run, renderPage({ results: [sampleResult()], script }));
    writeFileSync(files.compare, renderPage({ results: [], comparison: sampleComparison(), script }));
    const damaged = { brokenLinks: [[0, 1]], slowLinks: [{ between: [4, 8], factor: 2 }] } as const;
    writeFileSync(files.wires, renderPage({ results: [], collectives: [resultOn('tpu-v4:4x4x4*2', {}, damaged)], script }));
    writeFileSync(files.pod, renderPage({ results: [], collectives: [resultOn('torus:16x16x16', {}, { brokenLinks: [[5, 6]] })], script }));
    writeFileSync(files.training, renderTrainingPage(sampleTraining(), script));
    const experiments = ['domains', 'capacity-and-drops'].map((name) => storedExperiment(name));
    writeFileSync(files.experiment, renderPage({ results: [], experiments, script }));
    browser = await openBrowser();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  describe.each(THEMES)('%s', (theme) => {
    test.each(PAGES)('%s page: no request, no message, no blank or faint picture, no serious accessibility fault', async (name) => {
      const { page, complaints } = await openPage(browser, files[name], theme, 1280);
      const ink = await inkOfCanvases(page);
      expect(ink.length).toBeGreaterThanOrEqual(CANVASES[name]);
      for (const canvas of ink) {
        expect(canvas.paintedShare, canvas.figure).toBeGreaterThan(0.015);
        expect(canvas.strongColours, canvas.figure).toBeGreaterThan(0);
      }
      const faults = await seriousFaults(page);
      expect(faults).toEqual([]);
      expect(await page.locator('.fault').count()).toBe(0);
      expect(complaints).toEqual({ requests: [], messages: [] });
      await page.close();
    });

    test.each(PAGES)('%s page at 400 pixels does not scroll sideways', async (name) => {
      const { page, complaints } = await openPage(browser, files[name], theme, 400);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(400);
      expect(complaints).toEqual({ requests: [], messages: [] });
      await page.close();
    });
  });

  test('a word without a space widens nothing, and a table that is wider than its box says so', async () => {
    const file = join(folder, 'long-word.html');
    const script = await bundledScript();
    const { scenario, ...rest } = sampleResult();
    const word = 'w'.repeat(400);
    const long = { ...rest, scenario: { ...scenario, question: word }, warnings: [{ code: 'W_DROP_RATE', message: word }] };
    writeFileSync(file, renderPage({ results: [long], comparison: { ...sampleComparison(), question: word }, script }));
    const withBars = await openBrowser({ scrollBars: true });
    const { page } = await openPage(withBars, file, 'light', 400);
    const { inner, outer } = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return { inner: scrollWidth, outer: clientWidth };
    });
    expect(inner).toBe(outer);
    const box = await page.evaluate(() => {
      const table = [...document.querySelectorAll<HTMLElement>('.scroll')].find(
        ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth,
      );
      return { bar: (table?.offsetHeight ?? 0) - (table?.clientHeight ?? 0) };
    });
    expect(box.bar).toBeGreaterThan(4);
    await withBars.close();
  });

  test('a layer is chosen by keyboard, and picture, finding and table follow', async () => {
    const { page, complaints } = await openPage(browser, files.run, 'light', 1280);
    const figure = page.locator('#r0-expert-load');
    await figure.locator('details.twin summary').click();
    const before = await figure.locator('.finding').textContent();
    expect(await figure.locator('table caption').textContent()).toContain('encoder layer 1');
    await figure.locator('select').first().focus();
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => figure.locator('table caption').textContent()).toContain('encoder layer 3');
    expect(await figure.locator('.finding').textContent()).not.toBe(before);
    const third = sampleResult().detail.expertLoads[1];
    expect(await figure.locator('tbody tr').first().locator('td').first().textContent()).toBe(third.kept[0].toLocaleString('en-US'));
    expect(complaints.messages).toEqual([]);
    await page.close();
  });

  test('of a training run the loss is shown against time as well, and a cell of experts tells its share', async () => {
    const { page, complaints } = await openPage(browser, files.training, 'light', 1280);
    const loss = page.locator('#t0-loss');
    const canvas = loss.locator('.plot canvas');
    const picture = (): Promise<string> => canvas.evaluate((element) => (element as HTMLCanvasElement).toDataURL());
    const againstSteps = await picture();
    await loss.locator('select').selectOption('simulated time');
    await expect.poll(picture).not.toBe(againstSteps);
    const map = page.locator('#t0-experts-of-texts .plot canvas');
    await map.scrollIntoViewIfNeeded();
    const { width = 0 } = (await map.boundingBox()) ?? {};
    await map.hover({ position: { x: width / 2, y: 40 } });
    const [{ kept, keptOfTexts }] = sampleTraining().layers;
    expect(kept[0]).toHaveLength(16);
    const [where, share] = await page.locator('#t0-experts-of-texts .hover div').allTextContents();
    const [, expert = ''] = /^Text kjv, expert (\d+)$/.exec(where) ?? [];
    const all = keptOfTexts[0].reduce((sum, count) => sum + count, 0);
    expect(share).toBe(formatShare(Number((keptOfTexts[0][Number(expert)] / all).toPrecision(4))));
    expect(complaints).toEqual({ requests: [], messages: [] });
    await page.close();
  });

  test('narrowing the window of the timeline changes the picture, and the theme redraws it', async () => {
    const { page, complaints } = await openPage(browser, files.run, 'light', 1280);
    const canvas = page.locator('#r0-timeline .plot canvas').first();
    const picture = (): Promise<string> => canvas.evaluate((element) => (element as HTMLCanvasElement).toDataURL());
    const whole = await picture();
    await page.locator('#r0-timeline').getByRole('slider', { name: 'Zoom' }).press('End');
    const narrow = await picture();
    expect(narrow).not.toBe(whole);
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect.poll(picture).not.toBe(narrow);
    expect(complaints.messages).toEqual([]);
    await page.close();
  });

  test('a cell of a large slice names the devices that it stands for', async () => {
    const file = join(folder, 'large-slice.html');
    const result = sampleResult();
    const traffic = result.detail.traffic.map((layer) => ({ ...layer, devices: 127, devicesPerRow: 4 }));
    writeFileSync(file, renderPage({ results: [{ ...result, detail: { ...result.detail, traffic } }], script: await bundledScript() }));
    const { page, complaints } = await openPage(browser, file, 'light', 1280);
    const figure = page.locator('#r0-device-traffic');
    const canvas = figure.locator('canvas').first();
    await canvas.scrollIntoViewIfNeeded();
    const box = await canvas.boundingBox();
    // The last cell of the first row: 32 rows of four devices, the last of three.
    await canvas.hover({ position: { x: (box?.width ?? 0) - 10, y: 10 } });
    await expect.poll(() => figure.locator('.hover').textContent()).toContain('Source device 0-3 to destination device 124-126');
    expect(complaints.messages).toEqual([]);
    await page.close();
  });

  test('the slice of a link map is chosen by keyboard, a broken wire is dashed, and a link says what it carried', async () => {
    const { page, complaints } = await openPage(browser, files.wires, 'light', 1280);
    const figure = page.locator('#w0-link-map');
    expect(await figure.locator('svg path[stroke-dasharray]').count()).toBe(2);
    await figure.locator('svg path').first().hover();
    await expect.poll(() => figure.locator('.hover').textContent()).toMatch(/chip 0 to chip .*Bytes: .*Utilisation: .* %/);
    await figure.locator('select').focus();
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => figure.locator('svg path[stroke-dasharray]').count()).toBe(0);
    expect(complaints.messages).toEqual([]);
    await page.close();
  });

  test('a cell of a pod names its chip, its direction and its use, and its table opens', async () => {
    const { page, complaints } = await openPage(browser, files.pod, 'dark', 1280);
    const figure = page.locator('#w0-link-map');
    const canvas = figure.locator('canvas').first();
    await canvas.hover({ position: { x: 4, y: 4 } });
    await expect.poll(() => figure.locator('.hover').textContent()).toMatch(/chip 0 \(0,0,0\), x\+used .* %/);
    await figure.locator('details.twin summary').click();
    await expect.poll(() => figure.locator('tbody tr').count()).toBe(4096);
    expect(complaints.messages).toEqual([]);
    await page.close();
  });

  test('a definition appears when its tile has the focus', async () => {
    const { page } = await openPage(browser, files.run, 'dark', 1280);
    const tip = page.locator('#r0-tip-mfu');
    expect(await tip.isVisible()).toBe(false);
    await page.getByRole('button', { name: 'MFU' }).focus();
    await expect.poll(() => tip.isVisible()).toBe(true);
    await page.close();
  });

  test('a chart that cannot be drawn says so on the page', async () => {
    const broken = join(folder, 'broken.html');
    writeFileSync(broken, readFileSync(files.run, 'utf8').replaceAll('"kind":"matrix"', '"kind":"unheard-of"'));
    const page = await browser.newPage();
    await page.goto(`file://${broken}`);
    await expect.poll(() => page.locator('#r0-device-traffic .fault').textContent()).toContain('could not be drawn');
    expect(await page.locator('#r0-memory canvas').count()).toBe(1);
    await page.close();
  });
});

async function seriousFaults(page: Page): Promise<readonly string[]> {
  // The page's policy forbids foreign scripts, so the checker comes in through the debugger.
  await page.evaluate(axe.source);
  const findings = await page.evaluate(async () => {
    const injected = (globalThis as unknown as { axe: typeof axe }).axe;
    return injected.run();
  });
  expect(findings.passes.length).toBeGreaterThan(15);
  return findings.violations
    .filter((finding) => finding.impact === 'serious' || finding.impact === 'critical')
    .map((finding) => `${finding.id}: ${finding.nodes[0]?.html}`);
}
