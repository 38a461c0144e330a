/**
 * Explorer: the browser side of the page. It reads the charts that `report/` has written into the page as JSON and draws each in
 * its figure, in the reader's colours; the reader chooses layers, windows and tables. It asks the network for nothing.
 */
import type { PageData } from '../report/index.ts';
import { reportFault, watchFaults } from './faults.ts';
import { type Mounted, mount } from './mount.ts';
import { followTheme } from './theme.ts';

watchFaults();

const data = JSON.parse(document.querySelector('#page-data')?.textContent ?? '{"figures":{}}') as PageData;
const mounted: Mounted[] = [];
for (const figure of document.querySelectorAll<HTMLElement>('figure[data-figure]')) {
  const spec = data.figures[figure.dataset.figure ?? ''];
  if (spec === undefined) reportFault(figure, 'The page carries no data for this chart.');
  else mounted.push(mount(figure, spec));
}
followTheme((paint) => {
  for (const chart of mounted) chart.redraw(paint);
});
