/** The page in a real browser: Debian's or Chrome's binary, driven by playwright-core, which downloads none. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { build, type Rollup } from 'vite';

const CANDIDATES = [process.env.CHROMIUM_PATH ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export const chromiumPath = CANDIDATES.find((path) => path !== '' && existsSync(path));

/** The client as the build bundles it, made afresh so that no stale file is tested. */
export async function bundledScript(): Promise<{ readonly text: string; readonly sha256Base64: string }> {
  const built = await build({ logLevel: 'silent', build: { write: false } });
  const outputs = (Array.isArray(built) ? built : [built]) as Rollup.RollupOutput[];
  const text = outputs[0].output[0].code;
  return { text, sha256Base64: createHash('sha256').update(text).digest('base64') };
}

/** Scroll bars are hidden unless asked for, as the driver does for pictures. */
export async function openBrowser(options: { readonly scrollBars?: boolean } = {}): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  const args = ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];
  const ignoreDefaultArgs = options.scrollBars === true ? ['--hide-scrollbars'] : [];
  return chromium.launch({ executablePath: chromiumPath, args, ignoreDefaultArgs });
}

/** Everything that a page which needs no network and makes no mistake leaves empty. */
export interface Complaints {
  readonly requests: string[];
  readonly messages: string[];
}

export async function openPage(
  browser: Browser,
  file: string,
  theme: 'light' | 'dark',
  width: number,
): Promise<{ page: Page; complaints: Complaints }> {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: theme });
  const complaints: Complaints = { requests: [], messages: [] };
  page.on('request', (request) => {
    if (request.url() !== `file://${file}`) complaints.requests.push(request.url());
  });
  page.on('console', (message) => complaints.messages.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.messages.push(error.message));
  await page.goto(`file://${file}`);
  await page.waitForFunction(() => document.querySelectorAll('figure .plot > *').length > 0);
  return { page, complaints };
}

export interface CanvasInk {
  readonly figure: string;
  /** Colours that cover more than 1 in 2,000 pixels and stand out from the card by at least 3:1 (WCAG 1.4.11). */
  readonly strongColours: number;
  readonly paintedShare: number;
}

/** Reads the pixels of every canvas: an accessibility checker cannot see into them. */
export async function inkOfCanvases(page: Page): Promise<readonly CanvasInk[]> {
  return page.evaluate(() => {
    const luminance = (rgb: readonly number[]): number => {
      const [r = 0, g = 0, b = 0] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    return [...document.querySelectorAll<HTMLCanvasElement>('figure .plot canvas')].map((canvas) => {
      const figure = canvas.closest('figure');
      const card = (getComputedStyle(figure ?? document.body).backgroundColor.match(/\d+/g) ?? []).map(Number);
      const ground = luminance(card);
      const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(0, 0, canvas.width, canvas.height);
      const counts = new Map<number, number>();
      let painted = 0;
      for (let i = 0; i < data.length; i += 4) {
        if (data[i + 3] < 255) continue;
        painted++;
        const key = (data[i] << 16) | (data[i + 1] << 8) | data[i + 2];
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      const pixels = data.length / 4;
      let strongColours = 0;
      for (const [key, count] of counts) {
        const ink = luminance([key >> 16, (key >> 8) & 255, key & 255]);
        const contrast = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
        if (count > pixels / 2000 && contrast >= 3) strongColours++;
      }
      return { figure: figure?.id ?? '', strongColours, paintedShare: painted / pixels };
    });
  });
}
