/**
 * A picture of a page, as the README shows it: `npx tsx bench/page-picture.ts reports/NAME/index.html picture.png [light|dark] [width] [height]`.
 * With a height of 0 the whole page is taken.
 */
import { resolve } from 'node:path';
import { chromiumPath, openBrowser, openPage } from '../test/report/browser.ts';

const [file, out, theme = 'light', width = '1280', height = '1000'] = process.argv.slice(2);
if (file === undefined || out === undefined || chromiumPath === undefined) {
  throw new Error('needs a page, a file to write, and Chromium (CHROMIUM_PATH)');
}
const browser = await openBrowser();
const { page, complaints } = await openPage(browser, resolve(file), theme === 'dark' ? 'dark' : 'light', Number(width));
if (height !== '0') await page.setViewportSize({ width: Number(width), height: Number(height) });
await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
await page.screenshot({ path: out, fullPage: height === '0' });
await browser.close();
if (complaints.messages.length + complaints.requests.length > 0) throw new Error(`the page complained: ${JSON.stringify(complaints)}`);
